// graph/location.h: which line of the user's program built a node, and how library functions report that line and not their own.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace lanc {

struct SourceLine {
  const char* file = nullptr;  // null: not known
  uint32_t line = 0;

  SourceLine() = default;
  SourceLine(const char* file_name, uint32_t line_number) : file(file_name), line(line_number) {}
  SourceLine(const std::source_location& where) : file(where.file_name()), line(where.line()) {}
  bool known() const { return file != nullptr; }
  /// "train.cpp:42", or "lanc/models/dense.h:31" for the library's own files.
  std::string text() const;
  friend bool operator==(const SourceLine& a, const SourceLine& b);
};

/// Where a node comes from: the user's line, the library's line below it (if a library function built it), and for derivatives
/// and rewrites a note such as "backward of matmul".
struct Origin {
  SourceLine user;
  SourceLine library;
  std::string note;
  std::string scope = "";                                            // "net/out": the layer that it belongs to
  std::string function = "";                                         // "embedding": what the user called, if that is not the op itself
  std::shared_ptr<const std::vector<std::string>> owned_names = {};  // file names of a parsed graph
  /// "backward of matmul at train.cpp:21 < lanc/models/dense.h:36".
  std::string text() const;
};
using OriginRef = std::shared_ptr<const Origin>;

class Operand;
struct GraphData;

/// Opened by every public function that builds more than one node: for its duration nodes carry the user's line first, and errors
/// name `function`. When the function throws, the outermost call site takes back the nodes built since it was opened.
///     Value softmax(Operand x) { CallSite site("softmax", {x}); ... }
class CallSite {
 public:
  /// `scope`: the path of a layer, for its nodes' origins.
  CallSite(const char* function, std::initializer_list<Operand> operands, std::string scope = "");
  CallSite(const char* function, SourceLine where);
  CallSite(const char* function, SourceLine where, std::shared_ptr<GraphData> graph);
  /// For derivatives and rewrites: nodes carry `origin` with this note, whoever builds them.
  CallSite(OriginRef origin, std::string note);
  ~CallSite();
  CallSite(const CallSite&) = delete;
  CallSite& operator=(const CallSite&) = delete;

  /// While it lives, nodes do not carry this call's line: for a user's function that the call runs, whose nodes keep their own.
  class Suspension {
   public:
    explicit Suspension(CallSite& site) : site_(site) { site_.suspended_ = true; }
    ~Suspension() { site_.suspended_ = false; }
    Suspension(const Suspension&) = delete;
    Suspension& operator=(const Suspension&) = delete;

   private:
    CallSite& site_;
  };

  /// The user's line of the outermost open call site; unknown when none is open.
  static SourceLine user_line();
  /// The name of the outermost open call site's function within the innermost derivative or rewrite, or null.
  static const char* function();
  /// The origin for a node whose first operand was converted at `line`.
  static OriginRef origin_for(SourceLine line);

 private:
  void open(std::shared_ptr<GraphData> graph);

  const char* function_ = nullptr;
  SourceLine line_;
  std::string scope_;
  OriginRef fixed_;
  CallSite* outer_ = nullptr;
  std::shared_ptr<GraphData> graph_;
  uint32_t nodes_before_ = 0;
  size_t constraints_before_ = 0;
  int exceptions_before_ = 0;
  bool suspended_ = false;
};

}  // namespace lanc
