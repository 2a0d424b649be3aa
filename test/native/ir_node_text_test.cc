#include <gtest/gtest.h>

#include "base/error.h"
#include "ir/node_text.h"
#include "native/builder.h"
#include "native/plans.h"

namespace slimnet::testing {
namespace {

class NamedLayout final : public Layout {
 public:
  explicit NamedLayout(std::string name) : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  size_t bytes() const override { return name_.size(); }

 private:
  std::string name_;
};

LayoutPtr OnlyTest(const std::string& name) {
  return name.starts_with("test:") ? std::make_shared<NamedLayout>(name) : nullptr;
}

TEST(NodeText, HoldsEveryNodeOfAPlan) {
  const Program program = Parse(kAllOps);
  for (const Node& node : program.nodes) {
    if (Info(node.op).source) continue;
    const std::string text = PrintNode(program, node);
    const Program alone = ParseNode(text, OnlyTest);
    const Node& read = alone.nodes.back();
    EXPECT_EQ(PrintNode(alone, read), text);
    EXPECT_EQ(read.op, node.op);
    EXPECT_EQ(read.attrs, node.attrs);
    EXPECT_EQ(read.name, node.name);
    ASSERT_EQ(read.outputs.size(), node.outputs.size());
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      EXPECT_EQ(alone.values[At(read.outputs[i])].type, program.values[At(node.outputs[i])].type);
    }
  }
}

TEST(NodeText, HoldsWhatTheCompilerAdded) {
  Builder builder;
  const ValueId x = builder.Input("x", Float({1, 4, 4, 8}));
  const ValueId y = builder.Conv(x, 1, 8);
  const ValueId bias = builder.Variable("bias", Float({8}));
  Program program = builder.TakeUnchecked();
  Node& node = program.nodes[2];
  ASSERT_EQ(node.op, OpKind::kConv2d);
  node.post_ops = {{PostOp::Kind::kBias, bias}, {PostOp::Kind::kAdd, x, true}, {PostOp::Kind::kRelu6}};
  program.values[At(x)].encoding = Encoding{DType::kUInt8, 0.1};
  program.values[At(y)].encoding = Encoding{DType::kBFloat16, 0};
  program.values[At(node.inputs[1])].layout = std::make_shared<NamedLayout>("test:\"packed\"");

  const std::string text = PrintNode(program, node);
  const Program alone = ParseNode(text, OnlyTest);
  EXPECT_EQ(PrintNode(alone, alone.nodes.back()), text);
  const Node& read = alone.nodes.back();
  // Both uses of x are one value.
  EXPECT_EQ(read.post_ops[1], (PostOp{PostOp::Kind::kAdd, read.inputs[0], true}));
  EXPECT_EQ(alone.values[At(read.inputs[0])].encoding, (Encoding{DType::kUInt8, 0.1}));
  EXPECT_EQ(alone.values[At(read.outputs[0])].encoding, (Encoding{DType::kBFloat16, 0}));
  EXPECT_EQ(alone.values[At(read.inputs[1])].layout->name(), "test:\"packed\"");
}

TEST(NodeText, HoldsASecondResult) {
  Builder builder;
  builder.Conv(builder.Input("x", Float({1, 4, 4, 8})), 1, 8);
  const ValueId scale = builder.Variable("scale", Float({8}));
  Program program = builder.TakeUnchecked();
  Node& node = program.nodes[2];
  node.post_ops = {{PostOp::Kind::kResult}, {PostOp::Kind::kScale, scale}};
  node.outputs.push_back(program.AddValue(Float({1, 4, 4, 8}), 1));
  program.values[At(node.outputs[1])].encoding = Encoding{DType::kBFloat16, 0};
  const std::string text = PrintNode(program, node);
  const Program alone = ParseNode(text, OnlyTest);
  EXPECT_EQ(PrintNode(alone, alone.nodes.back()), text);
  ASSERT_EQ(alone.nodes.back().outputs.size(), 2U);
  EXPECT_FALSE(alone.values[At(alone.nodes.back().outputs[0])].encoding);
  EXPECT_TRUE(alone.values[At(alone.nodes.back().outputs[1])].encoding);
}

TEST(NodeText, HoldsASecondResultMadeWithTheFirst) {
  Builder builder;
  const ValueId y = builder.Conv(builder.Input("x", Float({1, 4, 4, 8})), 1, 8);
  const ValueId scale = builder.Variable("scale", Float({8}));
  Program program = builder.TakeUnchecked();
  Node& node = program.nodes[2];
  node.post_ops = {{PostOp::Kind::kResult}, {PostOp::Kind::kScale, scale}, {PostOp::Kind::kAdd, y}};
  node.outputs.push_back(program.AddValue(Float({1, 4, 4, 8}), 1));
  const std::string text = PrintNode(program, node);
  const Program alone = ParseNode(text, OnlyTest);
  EXPECT_EQ(PrintNode(alone, alone.nodes.back()), text);
  EXPECT_EQ(alone.nodes.back().post_ops[2].operand, alone.nodes.back().outputs[0]);
}

TEST(NodeText, HoldsAMovingViewWithoutItsLoop) {
  Program program = Parse(
      "slimnet.plan 1\n"
      "%0 = input() {name=\"x\"} @\"x\" : float32[4,2]\n"
      "%1 = relu(%0) {} @\"y\" : float32[4,2]\n"
      "output \"y\" %1\n");
  Node slice;
  slice.op = OpKind::kMicrobatchSlice;
  slice.attrs = DefaultAttrs(OpKind::kMicrobatchSlice);
  slice.name = "x";
  slice.inputs = {0};
  slice.outputs = {program.AddValue(Float({2, 2}))};
  program.nodes.insert(program.nodes.begin() + 1, slice);
  const std::string text = PrintNode(program, program.nodes[1]);
  EXPECT_EQ(PrintNode(program, ParseNode(text, OnlyTest).nodes.back()).find("microbatch_loop"), std::string::npos);
}

TEST(NodeText, RefusesLayoutsOfOtherBackends) {
  Builder builder;
  builder.Conv(builder.Input("x", Float({1, 4, 4, 8})), 1, 8);
  Program program = builder.TakeUnchecked();
  program.values[At(program.nodes[2].inputs[1])].layout = std::make_shared<NamedLayout>("other");
  EXPECT_THROW(ParseNode(PrintNode(program, program.nodes[2]), OnlyTest), Error);
}

}  // namespace
}  // namespace slimnet::testing
