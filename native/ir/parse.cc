// Reads plan text, exactly as lib/plan/encode.ts writes it: one pass, no recursion, memory in proportion to the text.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ir/limits.h"
#include "ir/node_text.h"
#include "ir/program.h"
#include "ir/scanner.h"
#include "ir/text.h"

namespace slimnet {
namespace {

// Reads one attribute's value by the type of its field.
class AttrReader {
 public:
  explicit AttrReader(Scanner& scanner) : scanner_(scanner) {}

  template <class Field>
  void operator()(std::string_view name, Field& field) {
    if (!first_) scanner_.Expect(", ");
    first_ = false;
    scanner_.Expect(std::string(name) + "=");
    Read(field);
  }

 private:
  void Read(int64_t& field) { field = scanner_.Integer("an integer", -limits::kSafeInteger, limits::kSafeInteger); }
  void Read(double& field) { field = scanner_.Number(); }
  void Read(bool& field) { field = scanner_.Bool(); }
  void Read(std::string& field) { field = scanner_.String("a quoted string"); }
  void Read(DType& field) { field = scanner_.Type(); }

  template <class Element>
  void Read(std::vector<Element>& field) {
    scanner_.Expect("[");
    while (!scanner_.Take("]")) {
      if (!field.empty()) scanner_.Expect(",");
      if (field.size() == limits::kConstantValues) {
        scanner_.Fail("a list holds more than " + std::to_string(limits::kConstantValues) + " values");
      }
      Element element{};
      Read(element);
      field.push_back(element);
    }
  }

  template <size_t kCount>
  void Read(std::array<int64_t, kCount>& field) {
    for (size_t i = 0; i < kCount; ++i) {
      scanner_.Expect(i == 0 ? "[" : ",");
      Read(field[i]);
    }
    scanner_.Expect("]");
  }

  Scanner& scanner_;
  bool first_ = true;
};

class Parser {
 public:
  // With `layout_named`, lines hold what the compiler added.
  explicit Parser(std::string_view text, const LayoutNamed* layout_named = nullptr)
      : rest_(text), layout_named_(layout_named) {
    for (int i = 0; i < kOpCount; ++i) ops_.emplace(Info(static_cast<OpKind>(i)).name, static_cast<OpKind>(i));
  }

  // A node, and the inputs that it reads.
  Program RunNode() {
    Header();
    while (!rest_.empty()) {
      Scanner scanner = NextLine();
      NodeLine(scanner);
      scanner.ExpectEnd();
    }
    if (program_.nodes.empty()) throw Error(ErrorCode::kPlan, "The text holds no node.");
    return std::move(program_);
  }

  Program Run() {
    if (rest_.size() > limits::kTextBytes) {
      throw Error(ErrorCode::kPlan, "The plan has " + std::to_string(rest_.size()) + " bytes, the limit is " +
                                        std::to_string(limits::kTextBytes) + ".");
    }
    Header();
    while (!rest_.empty()) {
      Scanner scanner = NextLine();
      if (scanner.Take("output ")) {
        Output(scanner);
      } else if (scanner.Take("update ")) {
        Update(scanner);
      } else if (scanner.Take("precision ")) {
        PrecisionLine(scanner);
      } else if (scanner.Take("range ")) {
        RangeLine(scanner);
      } else if (scanner.Take("keep_float32 ")) {
        KeepFloat32Line(scanner);
      } else if (scanner.Take("observe")) {
        program_.precision.observe = true;
      } else if (scanner.Take("split ")) {
        SplitLine(scanner);
      } else if (scanner.Take("updates in_place")) {
        program_.updates_in_place = true;
      } else if (scanner.Take("random_step ")) {
        program_.random_step = scanner.String("a quoted name of a variable");
      } else {
        NodeLine(scanner);
      }
      scanner.ExpectEnd();
    }
    if (program_.outputs.empty() && program_.updates.empty()) {
      throw Error(ErrorCode::kPlan, "The plan asks for nothing: expected a line `output` or `update`.");
    }
    return std::move(program_);
  }

 private:
  Scanner NextLine() {
    const size_t end = rest_.find('\n');
    ++line_;
    if (end == std::string_view::npos) {
      Scanner(rest_, line_).Fail("the text ends inside this line; expected a line feed after each line");
    }
    Scanner scanner(rest_.substr(0, end), line_);
    rest_.remove_prefix(end + 1);
    return scanner;
  }

  void Header() {
    Scanner scanner = NextLine();
    scanner.Expect("slimnet.plan ");
    const int64_t version = scanner.Integer("a version", 0, limits::kSafeInteger);
    if (version != limits::kPlanVersion) {
      scanner.Fail("the plan has version " + std::to_string(version) + ", this build reads version " +
                   std::to_string(limits::kPlanVersion));
    }
    scanner.ExpectEnd();
  }

  // `more` values besides those of the lines above may be named.
  ValueId Use(Scanner& scanner, int64_t more = 0) {
    scanner.Expect("%");
    const auto largest = static_cast<int64_t>(program_.values.size()) - 1 + more;
    return static_cast<ValueId>(scanner.Integer("the number of a value that is made above", 0, largest));
  }

  void NodeLine(Scanner& scanner) {
    if (!program_.outputs.empty() || !program_.updates.empty()) {
      scanner.FailExpected("no node after the first `output` or `update`");
    }
    if (program_.nodes.size() == limits::kNodes) {
      scanner.Fail("the plan has more than " + std::to_string(limits::kNodes) + " nodes");
    }
    const size_t results = Results(scanner);
    Node node;
    node.op = Op(scanner);
    const OpInfo& info = Info(node.op);
    const Scanner named = scanner;
    Inputs(scanner, node, info);
    scanner.Expect(" {");
    node.attrs = DefaultAttrs(node.op);
    std::visit([&](auto& attrs) { attrs.Visit(attrs, AttrReader(scanner)); }, node.attrs);
    if (layout_named_ != nullptr && scanner.Take("} post[")) {
      PostOps(scanner, node);
      scanner.Expect("] @");
    } else {
      scanner.Expect("} @");
    }
    const size_t made = info.outputs.size() + (HasSecondResult(node) ? 1 : 0);
    if (results != made) {
      named.Fail(std::string(info.name) + " has " + std::to_string(made) + " results, the line names " +
                 std::to_string(results));
    }
    node.name = scanner.String("a quoted node name");
    scanner.Expect(" : ");
    for (size_t i = 0; i < results; ++i) {
      if (i > 0) scanner.Expect(", ");
      node.outputs.push_back(program_.AddValue(Type(scanner), static_cast<int32_t>(i), node.name));
    }
    if (layout_named_ != nullptr) Storage(scanner, node);
    program_.nodes.push_back(std::move(node));
  }

  void PostOps(Scanner& scanner, Node& node) {
    do {
      const Scanner start = scanner;
      const std::string_view word = scanner.Word("a post-op");
      const auto found =
          std::find_if(kPostOps.begin(), kPostOps.end(), [&](const auto& op) { return op.name == word; });
      if (found == kPostOps.end()) start.FailExpected("a post-op of this build");
      if (node.post_ops.size() == limits::kInputsPerNode) scanner.Fail("a node has too many post-ops");
      PostOp post{static_cast<PostOp::Kind>(found - kPostOps.begin())};
      if (found->has_operand) {
        scanner.Expect("(");
        // Behind `result` the node's own first result may be an operand.
        post.operand = Use(scanner, HasSecondResult(node) ? 1 : 0);
        post.in_place = scanner.Take(", in_place");
        scanner.Expect(")");
      }
      node.post_ops.push_back(post);
    } while (scanner.Take(", "));
  }

  // How the results are stored: `layout(%3: "name")`, ` as bfloat16`, ` as(%3: uint8*0.5)`.
  void Storage(Scanner& scanner, const Node& node) {
    for (const ValueId output : node.outputs) {
      Value& value = program_.values[At(output)];
      const std::string number = ValueText(output);
      if (scanner.Take(" layout(" + number + ": ")) {
        const Scanner start = scanner;
        value.layout = (*layout_named_)(scanner.String("a quoted layout"));
        if (!value.layout) start.FailExpected("a layout of this backend");
        scanner.Expect(")");
      }
      const bool named = scanner.Take(" as(" + number + ": ");
      if (!named && !scanner.Take(" as ")) continue;
      Encoding encoding{scanner.Type(), 0};
      if (encoding.dtype != DType::kBFloat16) {
        scanner.Expect("*");
        encoding.step = scanner.Number();
      }
      value.encoding = encoding;
      if (named) scanner.Expect(")");
    }
  }

  // `%3, %4 = `: the numbers go on where the last line ended.
  size_t Results(Scanner& scanner) {
    size_t count = 0;
    do {
      const auto expected = static_cast<int64_t>(program_.values.size() + count);
      if (count == limits::kInputsPerNode) scanner.Fail("a node has too many results");
      scanner.Expect("%");
      scanner.Integer("the next value number", expected, expected);
      ++count;
    } while (scanner.Take(", "));
    scanner.Expect(" = ");
    return count;
  }

  OpKind Op(Scanner& scanner) {
    const Scanner start = scanner;
    const auto found = ops_.find(scanner.Word("an op"));
    if (found == ops_.end()) start.FailExpected("an op of this build");
    if (Info(found->second).internal && layout_named_ == nullptr) start.FailExpected("an op that plans may hold");
    return found->second;
  }

  void Inputs(Scanner& scanner, Node& node, const OpInfo& info) {
    scanner.Expect("(");
    while (!scanner.Take(")")) {
      if (!node.inputs.empty()) scanner.Expect(", ");
      if (node.inputs.size() == limits::kInputsPerNode) {
        scanner.Fail("a node has more than " + std::to_string(limits::kInputsPerNode) + " inputs");
      }
      node.inputs.push_back(Use(scanner));
    }
    if (node.inputs.size() != info.inputs.size()) {
      scanner.Fail(std::string(info.name) + " takes " + std::to_string(info.inputs.size()) + " inputs, received " +
                   std::to_string(node.inputs.size()));
    }
  }

  TensorType Type(Scanner& scanner) { return ReadTensorType(scanner); }

  void Output(Scanner& scanner) {
    if (!program_.updates.empty()) scanner.Fail("expected no `output` after the first `update`");
    std::string name = scanner.String("a quoted output name");
    if (!output_names_.insert(name).second) scanner.Fail("the output name " + name + " occurs twice");
    scanner.Expect(" ");
    const ValueId value = Use(scanner);
    program_.outputs.push_back({std::move(name), value});
  }

  void Update(Scanner& scanner) { program_.updates.push_back(Use(scanner)); }

  void PrecisionLine(Scanner& scanner) {
    const Scanner start = scanner;
    const std::string_view word = scanner.Word("a precision");
    const auto found = std::find(kPrecisionNames.begin(), kPrecisionNames.end(), word);
    if (found == kPrecisionNames.end()) start.FailExpected("float32, bfloat16 or int8");
    program_.precision.precision = static_cast<Precision>(found - kPrecisionNames.begin());
  }

  void RangeLine(Scanner& scanner) {
    std::string name = scanner.String("a quoted node name");
    scanner.Expect(" ");
    ValueRange range;
    range.smallest = scanner.Number();
    scanner.Expect(" ");
    range.largest = scanner.Number();
    if (!std::isfinite(range.smallest) || !std::isfinite(range.largest) || range.smallest > range.largest) {
      scanner.Fail("a range goes from a finite number to one that is not smaller");
    }
    CheckHints(scanner);
    if (!program_.precision.ranges.emplace(std::move(name), range).second) scanner.Fail("the range occurs twice");
  }

  void KeepFloat32Line(Scanner& scanner) {
    CheckHints(scanner);
    program_.precision.keep_float32.insert(scanner.String("a quoted name of a node or scope"));
  }

  void SplitLine(Scanner& scanner) {
    SplitRequest split;
    if (!scanner.Take("never")) {
      split.steps = scanner.Integer("`never` or a number of steps", 1, static_cast<int64_t>(limits::kNodes));
      scanner.Expect(" ");
      split.images = scanner.Integer("a number of images", 1, limits::kDimension);
    }
    program_.split = split;
  }

  void CheckHints(const Scanner& scanner) const {
    if (program_.precision.ranges.size() + program_.precision.keep_float32.size() >= limits::kNodes) {
      scanner.Fail("the plan has more than " + std::to_string(limits::kNodes) + " ranges and keep_float32 names");
    }
  }

  std::string_view rest_;
  const LayoutNamed* layout_named_;
  size_t line_ = 0;
  std::unordered_map<std::string_view, OpKind> ops_;
  std::set<std::string> output_names_;
  Program program_;
};

}  // namespace

Program Parse(std::string_view text) { return Parser(text).Run(); }

Program ParseNode(std::string_view text, const LayoutNamed& layout_named) {
  return Parser(text, &layout_named).RunNode();
}

}  // namespace slimnet
