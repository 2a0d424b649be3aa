// What a backend on the host says of ops that it has, inherits or leaves out.
#include "backends/cpu/op_table.h"

#include <gtest/gtest.h>

#include <functional>

#include "backends/null/null.h"
#include "base/error.h"
#include "builder.h"

namespace slimnet {
namespace {

using testing::Builder;
using testing::Float;
using Ops = cpu::OpTable<NodeContext, false>;

Verdict FusesRelu(const NodeContext&, std::span<const PostOp> before, const PostOp& next) {
  if (before.empty() && next.kind == PostOp::Kind::kRelu) return Verdict::Yes();
  return Verdict::No("one relu");
}

constexpr Ops::Entry kOwnAdd{.fuses = FusesRelu};
constexpr Ops::Entry kOwnPad{.supports = [](const NodeContext&) { return Verdict::No("pads of its own"); }};

Ops OpsWithAddAndPad() {
  Ops::Entries own{};
  own[static_cast<size_t>(OpKind::kAdd)] = &kOwnAdd;
  own[static_cast<size_t>(OpKind::kPad)] = &kOwnPad;
  return {"toy", own};
}

// A program of one op on float32[2,3] values.
Program One(Attrs attrs, DType dtype = DType::kFloat32) {
  Builder b;
  const size_t inputs = Info(static_cast<OpKind>(attrs.index())).inputs.size();
  std::vector<ValueId> values;
  for (size_t i = 0; i < inputs; ++i) values.push_back(b.Input("x" + std::to_string(i), {dtype, {2, 3}}));
  b.Output("y", b.Op(std::move(attrs), values));
  return b.Take();
}

NodeContext Last(const Program& program) { return {program, program.nodes.back()}; }

TEST(OpTable, SaysOfAnOpThatIsLeftOutThatItIs) {
  const Ops ops = OpsWithAddAndPad();
  const Program program = One(ReluAttrs{});
  EXPECT_FALSE(ops.Has(OpKind::kRelu));
  EXPECT_EQ(ops.Supports(Last(program)).reason, "the toy backend leaves out the op relu");
  EXPECT_EQ(ops.Fuses(Last(program), {PostOp::Kind::kRelu}).reason, "the toy backend leaves out the op relu");
  EXPECT_EQ(ops.Prefers(Last(program), 0), nullptr);
  try {
    ops.Prepare(Last(program), std::identity());
    FAIL() << "prepared what it has not";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBackend);
    EXPECT_STREQ(error.what(), "the toy backend leaves out the op relu");
  }
}

TEST(OpTable, InheritsTheLoopsOfOpsThatItDoesNotHaveItself) {
  const Ops ops = OpsWithAddAndPad();
  const Program program = One(TransposeAttrs{{1, 0}});
  EXPECT_TRUE(ops.Has(OpKind::kTranspose));
  EXPECT_TRUE(ops.Supports(Last(program)));
  EXPECT_NE(ops.Prepare(Last(program), std::identity()), nullptr);
  EXPECT_EQ(ops.Supports(Last(One(PadAttrs{{0, 0, 1, 1}}))).reason, "pads of its own");
}

TEST(OpTable, ComputesInItsFloatingPointTypesAndAbsorbsWhatTheEntrySays) {
  const Ops ops = OpsWithAddAndPad();
  EXPECT_EQ(ops.Supports(Last(One(AddAttrs{}, DType::kFloat64))).reason,
            "the toy backend computes add in float32, received float64[2,3]");
  Program program = One(AddAttrs{});
  EXPECT_TRUE(ops.Supports(Last(program)));
  program.nodes.back().post_ops = {{PostOp::Kind::kRelu}, {PostOp::Kind::kRelu}};
  EXPECT_EQ(ops.Supports(Last(program)).reason, "one relu");
  program = One(TransposeAttrs{{1, 0}});
  EXPECT_EQ(ops.Fuses(Last(program), {PostOp::Kind::kRelu}).reason, "the toy backend computes transpose alone");
}

TEST(OpTable, KeepsLowPrecisionFromOpsThatDoNotTakeIt) {
  const Ops ops = OpsWithAddAndPad();
  Program program = One(TransposeAttrs{{1, 0}});
  program.values[0].encoding = Encoding{};
  EXPECT_EQ(ops.Supports(Last(program)).reason, "the toy backend computes transpose in float32");
}

TEST(OpsLeftOut, NamesWhatABackendDoesNotHave) {
  const std::unique_ptr<Backend> everything = NullEntry().make({});
  EXPECT_TRUE(OpsLeftOut(*everything).empty());
  for (const char* name : {"reference", "onednn"}) {
    EXPECT_EQ(OpsLeftOut(*MakeBackend(name, {})), std::vector<std::string>()) << name;
  }
}

}  // namespace
}  // namespace slimnet
