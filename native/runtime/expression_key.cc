#include "runtime/expression_key.h"

#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "ir/text.h"

namespace slimnet {
namespace {

constexpr size_t kLongest = 8192;

// Writes attributes; the names are left out, since their order is the op's.
struct AttrWriter {
  std::string& out;

  void operator()(std::string_view /*name*/, int64_t value) const { out += std::to_string(value) + ";"; }
  void operator()(std::string_view /*name*/, double value) const { out += NumberText(value) + ";"; }
  void operator()(std::string_view /*name*/, bool value) const { out += value ? "true;" : "false;"; }
  void operator()(std::string_view /*name*/, DType value) const { out += std::string(Name(value)) + ";"; }
  void operator()(std::string_view /*name*/, const std::string& value) const { out += Quote(value) + ";"; }
  // std::vector and std::array
  template <class List>
    requires(!std::is_arithmetic_v<List> && requires(const List& list) { list.begin(); })
  void operator()(std::string_view name, const List& values) const {
    out += "[";
    for (const auto& value : values) {
      (*this)(name, value);
      if (out.size() > kLongest) break;
    }
    out += "];";
  }
};

std::string AttrText(const Attrs& attrs) {
  std::string text;
  std::visit([&text](const auto& a) { std::decay_t<decltype(a)>::Visit(a, AttrWriter{text}); }, attrs);
  return text;
}

class KeyMaker {
 public:
  explicit KeyMaker(const Program& program) : program_(program), keys_(program.values.size()) {}

  std::vector<std::string> Run() {
    for (const Node& node : program_.nodes) {
      if (node.op == OpKind::kVariable || node.op == OpKind::kConstant || node.prologue) Name(node);
    }
    return std::move(keys_);
  }

 private:
  void Name(const Node& node) {
    std::string text = std::string(Info(node.op).name) + "{" + AttrText(node.attrs) + "}(";
    for (const ValueId input : node.inputs) {
      if (!Append(text, input)) return;
    }
    text += ")";
    for (const PostOp& post : node.post_ops) {
      text += "+" + std::to_string(static_cast<int>(post.kind)) + (post.in_place ? "!" : "");
      if (post.operand != kNoValue && !Append(text, post.operand)) return;
    }
    for (const ValueId output : node.outputs) {
      const Value& value = program_.values[static_cast<size_t>(output)];
      std::string key = text + "#" + std::to_string(value.port) + ":" + ToString(value.type);
      if (value.layout) key += "@" + value.layout->name();
      if (key.size() <= kLongest) keys_[static_cast<size_t>(output)] = std::move(key);
    }
  }

  // False when the value has no key: then nothing made of it has one.
  bool Append(std::string& text, ValueId value) const {
    const std::string& key = keys_[static_cast<size_t>(value)];
    if (key.empty()) return false;
    text += key + ",";
    return true;
  }

  const Program& program_;
  std::vector<std::string> keys_;
};

}  // namespace

std::vector<std::string> ExpressionKeys(const Program& program) { return KeyMaker(program).Run(); }

}  // namespace slimnet
