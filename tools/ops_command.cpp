// lanc ops: every op with its derivative, dtypes and kernels.
#include <lanc/tools/commands.h>

#include <algorithm>
#include <memory>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <lanc/tools/op_facts.h>

namespace lanc::tools {
namespace {

std::string derivative_text(const OpFacts& f) { return f.no_derivative.empty() ? "yes" : "none: " + f.no_derivative; }

void print_json(const std::vector<OpFacts>& all) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const OpFacts& f : all) {
    nlohmann::ordered_json entry = {{"name", f.op->name}, {"family", f.op->family}, {"arity", f.op->arity}, {"derivative", f.no_derivative.empty()}};
    if (!f.no_derivative.empty()) entry["no_derivative_because"] = f.no_derivative;
    if (f.no_derivative.empty()) entry["derivative_reads"] = {{"inputs", f.op->reads.inputs}, {"outputs", f.op->reads.outputs}};
    entry["dtypes"] = nlohmann::ordered_json::array();
    for (DType d : f.dtypes) entry["dtypes"].push_back(name_of(d));
    entry["backends"] = nlohmann::ordered_json::object();
    if (!f.reference.empty()) entry["backends"]["reference"] = f.reference;
    if (!f.cpu.empty()) entry["backends"]["cpu"] = f.cpu;
    entry["doc"] = f.op->doc;
    list.push_back(entry);
  }
  fmt::print("{}\n", list.dump(2));
}

void print_table(const std::vector<OpFacts>& all) {
  size_t name = 4, family = 6, dtypes = 6, cpu = 3;
  for (const OpFacts& f : all) {
    name = std::max(name, f.op->name.size());
    family = std::max(family, f.op->family.size());
    dtypes = std::max(dtypes, dtype_list(f.dtypes).size());
    cpu = std::max(cpu, f.cpu.size());
  }
  fmt::print("{:{}}  {:{}}  {:{}}  {:{}}  {}\n", "name", name, "family", family, "dtypes", dtypes, "cpu", cpu, "derivative");
  for (const OpFacts& f : all)
    fmt::print("{:{}}  {:{}}  {:{}}  {:{}}  {}\n", f.op->name, name, f.op->family, family, dtype_list(f.dtypes), dtypes, f.cpu.empty() ? "-" : f.cpu, cpu,
               derivative_text(f));
  fmt::print("{} ops. The column cpu names the kernel for f32 where the op takes it, else for the first of the dtypes: \"reference\" is the one-loop kernel of the reference backend.\n", all.size());
}

}  // namespace

void add_ops(CLI::App& app) {
  CLI::App* command = app.add_subcommand("ops", "All ops: name, family, dtypes, kernels, derivative or why there is none");
  const auto json = std::make_shared<bool>(false);
  const auto family = std::make_shared<std::string>();
  command->add_flag("--json", *json, "As JSON, with arity and documentation");
  command->add_option("--family", *family, "Only this family: elementwise, reduce, contract, conv, pool, layout, index, random, source, system");
  command->callback([json, family] {
    const std::vector<OpFacts> all = op_facts(*family);
    if (all.empty()) throw CLI::ValidationError("--family: no op is of the family '" + *family + "'", 2);
    if (*json) print_json(all);
    else print_table(all);
  });
}

}  // namespace lanc::tools
