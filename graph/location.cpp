#include <lanc/graph/location.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include <lanc/graph/graph.h>

namespace lanc {
namespace {

thread_local CallSite* innermost = nullptr;

// Library files keep their path from lanc/ on, others only their name.
std::string short_name(const char* file) {
  const std::string_view path(file);
  if (const size_t at = path.rfind("include/lanc/"); at != std::string_view::npos) return std::string(path.substr(at + 8));
  if (path.rfind("lanc/", 0) == 0) return std::string(path);
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

SourceLine first_line(std::initializer_list<Operand> operands) {
  return operands.size() == 0 ? SourceLine{} : operands.begin()->line();
}

std::shared_ptr<GraphData> first_graph(std::initializer_list<Operand> operands) {
  for (const Operand& o : operands)
    if (!o.is_literal()) return o.value().graph_data();
  return nullptr;
}

}  // namespace

std::string SourceLine::text() const { return known() ? short_name(file) + ":" + std::to_string(line) : "unknown line"; }

bool operator==(const SourceLine& a, const SourceLine& b) {
  return a.line == b.line && (a.file == b.file || (a.file != nullptr && b.file != nullptr && std::strcmp(a.file, b.file) == 0));
}

std::string Origin::text() const {
  std::string out = user.text();
  if (library.known()) out += " < " + library.text();
  return note.empty() ? out : note + " at " + out;
}

CallSite::CallSite(const char* function, std::initializer_list<Operand> operands, std::string scope)
    : function_(function), line_(first_line(operands)), scope_(std::move(scope)) {
  open(first_graph(operands));
}

CallSite::CallSite(const char* function, SourceLine where) : function_(function), line_(where) { open(nullptr); }

CallSite::CallSite(const char* function, SourceLine where, std::shared_ptr<GraphData> graph) : function_(function), line_(where) {
  open(std::move(graph));
}

CallSite::CallSite(OriginRef origin, std::string note) {
  Origin noted = *origin;
  if (!note.empty()) noted.note = std::move(note);
  fixed_ = std::make_shared<const Origin>(std::move(noted));
  open(nullptr);
}

void CallSite::open(std::shared_ptr<GraphData> graph) {
  outer_ = innermost;
  exceptions_before_ = std::uncaught_exceptions();
  if (graph) {
    nodes_before_ = static_cast<uint32_t>(graph->nodes.size());
    constraints_before_ = graph->constraints.size();
    graph_ = std::move(graph);
  }
  innermost = this;
}

CallSite::~CallSite() {
  innermost = outer_;
  if (!graph_ || std::uncaught_exceptions() <= exceptions_before_) return;
  // The builder threw: the graph is left as it was.
  while (graph_->nodes.size() > nodes_before_) graph_->nodes.pop_back();
  graph_->edges.reset();
  graph_->constraints.resize(std::min(graph_->constraints.size(), constraints_before_));
  std::erase_if(graph_->named, [&](const auto& entry) { return entry.second >= nodes_before_; });
  std::erase_if(graph_->draws, [&](const auto& entry) { return entry.second >= nodes_before_; });
  std::erase_if(graph_->declared, [&](const auto& entry) { return entry.first.node >= nodes_before_ || entry.second.node >= nodes_before_; });
}

SourceLine CallSite::user_line() {
  SourceLine line;
  for (const CallSite* site = innermost; site != nullptr; site = site->outer_) {
    if (site->fixed_) return site->fixed_->user;
    if (site->line_.known() && !site->suspended_) line = site->line_;
  }
  return line;
}

const char* CallSite::function() {
  const char* function = nullptr;
  // As user_line: what a derivative's line belongs to is within it, not the call that asked for the derivative.
  for (const CallSite* site = innermost; site != nullptr && !site->fixed_; site = site->outer_)
    if (site->function_ != nullptr && !site->suspended_) function = site->function_;
  return function;
}

OriginRef CallSite::origin_for(SourceLine line) {
  for (const CallSite* site = innermost; site != nullptr; site = site->outer_)
    if (site->fixed_) return site->fixed_;
  const SourceLine user = user_line();
  Origin origin;
  origin.user = user.known() ? user : line;
  if (user.known() && line.known() && !(line == user)) origin.library = line;
  if (const char* called = function()) origin.function = called;
  for (const CallSite* site = innermost; site != nullptr && origin.scope.empty(); site = site->outer_) origin.scope = site->scope_;
  return std::make_shared<const Origin>(std::move(origin));
}

}  // namespace lanc
