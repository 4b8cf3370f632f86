#!/usr/bin/env python3
"""Every public builder has a row in tests/call_sites/: call_sites.py ROOT, or --self-test.

A builder is a function that a user reaches through lanc.h and that returns a Value, several of them, what a loop or a recurrent layer
gives, Updates, an Optimizer, a Schedule, an Initializer or an ElementwiseOp; a member function that does; and the constructor of a class that is a Value
or whose call gives one (a layer). A row is a line such as

    row("losses::mse", [](In& in) { losses::mse(in.x, in.y); }, [](In& in) { losses::mse(in.x, in.vector); }),

in a table of tests/call_sites/*.cpp: its first entry is the builder's name as this lint prints it, the second calls it,
the third makes a mistake that it refuses. The test then checks that nodes and messages name the row's line. So that
nobody's program breaks beside `using namespace std`, the tables are compiled with it. `--list` prints the builders.
"""

import os
import pathlib
import re
import sys
import tempfile

RETURNS = r"(?:std::)?vector<Value>|Value|Values|Updates|(?:optimizers::)?Optimizer|Schedule|Initializer|ElementwiseOp|ScanResult|WhileResult|RnnResult|LstmResult|CharacterModelResult"
# Not builders, though they return such a thing: they look at what exists, or are what ops and rules are made of.
NOT_BUILDERS = {
    "Graph::value": "a node that exists", "Graph::find": "a node that exists", "Graph::outputs": "what was set", "Graph::updates": "what was set",
    "Graph::parameters": "nodes that exist", "Graph::states": "nodes that exist",
    "Graph::parameter": "takes its line; lanc::parameter is what users call", "Graph::state": "takes its line; lanc::state is what users call",
    "Operand::value": "the value itself", "Operand::operator const Value&": "the value itself",
    "resolve_operands": "what apply does with its operands", "apply_source": "takes its line", "random_bits_uniform": "takes its line",
    "Optimizer::slot": "a state that exists", "Optimizer::average": "a state that exists",
    "RuleArgs::parameter": "given to a rule", "RuleArgs::gradient": "given to a rule", "RuleArgs::slot": "given to a rule", "RuleArgs::count": "given to a rule",
    "JvpArgs::input": "given to a rule", "JvpArgs::output": "given to a rule", "apply_control": "takes its line",
    "VjpArgs::cotangent": "given to a rule", "VjpArgs::input": "given to a rule", "VjpArgs::output": "given to a rule",
    "session_step": "a state that a draw makes", "session_seed": "a state that a draw makes", "dim_value": "machinery of mean",
    "broadcast_over": "machinery of reductions", "Initializer::operator()": "called by parameter", "Schedule::Schedule": "a function, not a node",
    "Dropout::Dropout": "draws where it is called", "AlphaDropout::AlphaDropout": "draws where it is called",
    "ElementwiseOp::ElementwiseOp": "made by elementwise", "Activation::Activation": "a function, not a node",
}


def without_comments(text):
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\''
    text = re.sub(pattern, lambda m: '""' if m.group()[0] == '"' else " ", text, flags=re.DOTALL)
    return re.sub(r"^[ \t]*#[^\n]*(\\\n[^\n]*)*", "", text, flags=re.MULTILINE)


def without_brackets(text, opening, closing):
    """The text with what stands in outermost brackets left out."""
    out, depth = [], 0
    for c in text:
        depth += c == opening
        if depth == 0:
            out.append(c)
        depth -= c == closing and depth > 0
    return "".join(out)


def statement_kind(head):
    """What a `{` after this text opens: (kind, name)."""
    head = head.strip()
    if match := re.match(r"(?:inline\s+)?namespace\s*([\w:]*)$", head):
        return "namespace", match.group(1)
    if match := re.search(r"\b(class|struct)\s+(?:\[\[.*?\]\]\s*)?(\w+)\s*(?:final\s*)?(:[^:].*)?$", without_brackets(head, "<", ">"), re.DOTALL):
        if "(" not in head.split(match.group(1) + " ")[0] or head.startswith("template"):
            return match.group(1), match.group(2)
    return "block", ""


def declarations(text):
    """[(namespace and class path, access, statement)] at namespace and class level."""
    stack, head, found = [], "", []
    access = []
    for c in without_comments(text):
        if c in ";{":
            inside_block = any(kind == "block" for kind, _ in stack)
            if not inside_block and head.strip():
                found.append(([(k, n) for k, n in stack], access[-1] if access else "public", " ".join(head.split())))
            if c == "{":
                kind, name = statement_kind(head) if not inside_block else ("block", "")
                stack.append((kind, name))
                access.append("private" if kind == "class" else "public")
            head = ""
        elif c == "}":
            if stack:
                stack.pop()
                access.pop()
            head = ""
        elif c == ":" and re.search(r"(^|\s)(public|private|protected)\s*$", head) and stack:
            access[-1] = head.split()[-1]
            head = ""
        else:
            head += c
    return found


def public_headers(root):
    seen, todo = [], [pathlib.Path("lanc.h")]
    while todo:
        header = todo.pop()
        if header in seen or not (root / header).exists():
            continue
        seen.append(header)
        todo += [pathlib.Path(m) for m in re.findall(r"#include <lanc/([^>]+)>", (root / header).read_text(encoding="utf-8"))]
    return sorted(seen)


def builders_of(text):
    """Names of the builders of one header, as they are called: losses::mse, models::Dense, models::Dense::operator()."""
    names, layers, constructed = set(), set(), set()
    for scopes, access, statement in declarations(text):
        spaces = [part for kind, name in scopes if kind == "namespace" for part in name.split("::") if part]
        classes = [name for kind, name in scopes if kind in ("class", "struct")]
        if spaces[:1] != ["lanc"] or "detail" in spaces or access != "public":
            continue
        prefix = "::".join(spaces[1:])
        kind, name = statement_kind(statement)
        if kind in ("class", "struct") and re.search(r":\s*public\s+Value\b", statement):
            layers.add(("::".join(filter(None, [prefix, *classes, name]))))
        plain = re.sub(r"^template\s*", "", without_brackets(statement, "<", ">") if statement.startswith("template") else statement)
        plain = re.sub(r"^(requires\s*(\([^()]*(\([^()]*\)[^()]*)*\)|[\w:]+)\s*)", "", plain)
        # the <...> of vector<Value> must stay
        if statement.startswith("template"):
            plain = re.sub(r"^(std::)?vector\b(?!<)", r"\1vector<Value>", plain)
        plain = re.sub(r"^((inline|static|constexpr|friend|explicit|virtual|extern)\s+)*", "", plain)
        match = re.match(rf"(?:const\s+)?(?:{RETURNS})\s*&?\s+(operator\s*\(\)|operator\s*[^\s(\w]+|\w+)\s*\(", plain)
        if not match or "= delete" in plain:
            continue
        name = re.sub(r"\s", "", match.group(1))
        names.add("::".join(filter(None, [prefix, *classes, name])))
        if name == "operator()" and classes:
            layers.add("::".join(filter(None, [prefix, *classes])))
    return {n for n in names if not excluded(n)} | {n for n in layers if not excluded(n + "::" + n.split("::")[-1])}


def excluded(name):
    short = "::".join(name.split("::")[-2:])
    return name in NOT_BUILDERS or short in NOT_BUILDERS


def builders(root):
    found = {}
    for header in public_headers(root):
        for name in builders_of((root / header).read_text(encoding="utf-8")):
            found.setdefault(name, header)
    return found


def rows(root):
    text = "".join(p.read_text(encoding="utf-8") for p in sorted((root / "tests/call_sites").glob("*.cpp")))
    return re.findall(r'^\s*row\("([^"]+)",', text, re.MULTILINE)


def problems(root):
    found, listed = builders(root), rows(root)
    missing = sorted(set(found) - set(listed))
    out = [f'{found[name]}: {name} has no row in tests/call_sites/*.cpp: add a line row("{name}", call, mistake),' for name in missing]
    out += [f"tests/call_sites: {name} is no public builder (any more)" for name in sorted(set(listed) - set(found))]
    return out, len(found)


def self_test():
    header = '''
#include <vector>
namespace lanc {
/// Value not_this(Operand x);
Value one(Operand x, int n = 3);
inline Value two(Operand x) { return one(x); }
std::vector<Value> three(const std::vector<Value>& xs);
Dim no(const Value& v);
Value operator+(Operand a, Operand b);
template <class F>
  requires(std::same_as<F, int>)
Value four(F f);
namespace detail { Value hidden(); }
class Layer {
 public:
  Layer(Scope s);
  Value operator()(Operand x) const;
  Value weight;
 private:
  Value secret(int);
};
class Knob : public Value { public: Knob(int); };
class Operand { public: const Value& value() const; };
struct Plain { Value value; };
}  // namespace lanc
namespace lanc::losses { Value five(Operand p); Updates six(const Updates& u) ; Schedule seven(double); }
'''
    got = builders_of(header)
    expected = {"one", "two", "three", "operator+", "four", "Layer", "Layer::operator()", "Knob", "losses::five", "losses::six", "losses::seven"}
    assert got == expected, got ^ expected
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        os.makedirs(root / "tests/call_sites")
        (root / "lanc.h").write_text("#include <lanc/a.h>\n")
        (root / "a.h").write_text("namespace lanc { Value one(Operand x); Value two(Operand x); }")
        (root / "tests/call_sites/a.cpp").write_text('  row("one", f, g),\n  row("three", f, g),\n')
        out, count = problems(root)
        assert count == 2 and len(out) == 2 and "two has no row" in out[0] and "three is no public builder" in out[1], out
    print("the lint finds what it should")
    return 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(sys.argv[1]).resolve()
    if "--list" in sys.argv:
        for name, header in sorted(builders(root).items(), key=lambda item: (str(item[1]), item[0])):
            print(f"{header}: {name}")
        return 0
    out, count = problems(root)
    print("\n".join(out + [f"{count} public builders"]))
    return 1 if out else 0


if __name__ == "__main__":
    sys.exit(main())
