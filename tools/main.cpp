// The command line. Exit codes: 0; 1, the machine said no or Lánc is wrong; 2, the command line or the data is wrong.
#include <lanc/tools/commands.h>

#include <cstdio>
#include <exception>

#include <lanc/graph/error.h>

namespace {

// Empty where the word is an option, a command, or an operand of a command that has none below it.
std::string unknown_command(const CLI::App& app, const std::string& word) {
  const std::vector<const CLI::App*> commands = app.get_subcommands([](const CLI::App*) { return true; });
  if (commands.empty() || word.rfind('-', 0) == 0) return "";
  std::string names;
  for (const CLI::App* c : commands) {
    if (c->get_name() == word) return "";
    names += (names.empty() ? "" : ", ") + c->get_name();
  }
  return "the command must be one of " + names + ", got '" + word + "'";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Lánc: a computation-graph framework with automatic differentiation.\nEach command says more by its own --help.", "lanc");
  app.require_subcommand(1);
  app.set_version_flag("--version", "lanc " LANC_VERSION);
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
    int words = 1;  // of the command line that are understood
    for (; !at->get_subcommands().empty(); ++words) at = at->get_subcommands()[0];
    const std::string wrong = words < argc ? unknown_command(*at, argv[words]) : "";
    std::string command;
    for (const CLI::App* a = at; a != nullptr; a = a->get_parent()) command = a->get_name() + (command.empty() ? "" : " " + command);
    std::fprintf(stderr, "%s: %s\nMore by: %s --help\n", command.c_str(), wrong.empty() ? error.what() : wrong.c_str(), command.c_str());
    return 2;
  } catch (const lanc::UserError& error) {
    std::fprintf(stderr, "lanc: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lanc: %s\n", error.what());
    return 1;
  }
}
