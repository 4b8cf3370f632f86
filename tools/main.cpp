// The command line. Exit codes: 0; 1, the machine said no or Lánc is wrong; 2, the command line or the data is wrong.
#include <lanc/tools/commands.h>

#include <cstdio>
#include <exception>

#include <lanc/graph/error.h>

int main(int argc, char** argv) {
  CLI::App app("Lánc: a computation-graph framework with automatic differentiation.\nEach command says more by its own --help.", "lanc");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  lanc::tools::add_train(app);
  lanc::tools::add_ops(app);
  lanc::tools::add_graph(app);
  lanc::tools::add_devices(app);
  try {
    app.parse(argc, argv);  // runs the command
    return 0;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) at = at->get_subcommands()[0];
    std::string command;
    for (const CLI::App* a = at; a != nullptr; a = a->get_parent()) command = a->get_name() + (command.empty() ? "" : " " + command);
    std::fprintf(stderr, "%s: %s\nMore by: %s --help\n", command.c_str(), error.what(), command.c_str());
    return 2;
  } catch (const lanc::UserError& error) {
    std::fprintf(stderr, "lanc: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lanc: %s\n", error.what());
    return 1;
  }
}
