#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "base/error.h"

namespace slimnet {
namespace {

// Runs the jobs on the calling thread, the last one first, but claims to have two threads.
class BackwardsPool final : public ParallelFor {
 public:
  int threads() const override { return 2; }
  void Run(int jobs, const std::function<void(int)>& job) override {
    for (int i = jobs; i-- > 0;) job(i);
  }
};

// A convolution of x [1,8,8,16] with a 3x3 filter, as the only node of a program.
struct Convolution {
  Program program;
  Node node;
  ValueId bias = kNoValue;
  ValueId addend = kNoValue;

  explicit Convolution(DType dtype = DType::kFloat32) {
    node.op = OpKind::kConv2d;
    node.name = "conv";
    node.attrs = Conv2dAttrs{.strides = {1, 1}, .dilations = {1, 1}, .pads = {1, 1, 1, 1}};
    node.inputs = {program.AddValue({dtype, {1, 8, 8, 16}}), program.AddValue({dtype, {3, 3, 16, 32}})};
    node.outputs = {program.AddValue({dtype, {1, 8, 8, 32}})};
    bias = program.AddValue({dtype, {32}});
    addend = program.AddValue({dtype, {1, 8, 8, 32}});
  }
  NodeContext context() const { return {program, node}; }
};

std::vector<float> SineWaves(size_t count, float step) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = std::sin(static_cast<float>(i) * step);
  return values;
}

std::vector<DevicePtr> Shared(const std::vector<void*>& pointers) {
  std::vector<DevicePtr> shared;
  for (const void* pointer : pointers) shared.push_back(SharedAddress(pointer));
  return shared;
}

void RunOnce(const Backend& backend, const Kernel& kernel, std::vector<void*> inputs, std::vector<void*> operands,
             void* output) {
  BackwardsPool pool;
  const auto stream = backend.NewStream(&pool);
  const auto scratch = backend.Allocate(kernel.scratch_bytes());
  const auto invocation = kernel.NewInvocation();
  const DevicePtr result = SharedAddress(output);
  invocation->Enqueue(*stream, {Shared(inputs), Shared(operands), {&result, 1}, scratch->data(), {}});
}

Node Reorder(ValueId from, ValueId to) {
  Node node;
  node.op = OpKind::kReorder;
  node.attrs = ReorderAttrs{};
  node.name = "reorder";
  node.inputs = {from};
  node.outputs = {to};
  return node;
}

class Onednn : public ::testing::Test {
 protected:
  std::unique_ptr<Backend> backend = MakeBackend("onednn", {.threads = 2});
};

TEST_F(Onednn, AConvolutionAbsorbsBiasThenAnAddInPlaceThenAnActivation) {
  Convolution c;
  const PostOp bias{PostOp::Kind::kBias, c.bias, false};
  const PostOp add{PostOp::Kind::kAdd, c.addend, true};
  const PostOp relu{PostOp::Kind::kRelu, kNoValue, false};
  for (const PostOp& next : {bias, add, relu}) {
    EXPECT_TRUE(backend->Fuses(c.context(), next));
    c.node.post_ops.push_back(next);
  }
  EXPECT_TRUE(backend->Supports(c.context()));
  for (const PostOp& next : {bias, add, relu})
    EXPECT_FALSE(backend->Fuses(c.context(), next)) << "nothing follows a relu";
}

TEST_F(Onednn, AnAddThatNeedsMemoryOfItsOwnStaysAStep) {
  const Convolution c;
  const Verdict verdict = backend->Fuses(c.context(), {PostOp::Kind::kAdd, c.addend, false});
  EXPECT_FALSE(verdict);
  EXPECT_NE(verdict.reason.find("in place"), std::string::npos) << verdict.reason;
}

TEST_F(Onednn, ABiasOfAnotherLengthIsRefused) {
  Convolution c;
  const ValueId wrong = c.program.AddValue({DType::kFloat32, {31}});
  EXPECT_FALSE(backend->Fuses(c.context(), {PostOp::Kind::kBias, wrong, false}));
}

TEST_F(Onednn, WhatItCannotRunHasAReasonAndNoPreference) {
  const Convolution c(DType::kFloat64);
  const Verdict verdict = backend->Supports(c.context());
  EXPECT_FALSE(verdict);
  EXPECT_NE(verdict.reason.find("float64"), std::string::npos) << verdict.reason;
  EXPECT_EQ(backend->Prefers(c.context(), 1), nullptr);
}

TEST_F(Onednn, APackedFilterAndAPlainOneGiveTheSameResult) {
  Convolution c;
  c.node.post_ops = {{PostOp::Kind::kBias, c.bias, false}, {PostOp::Kind::kAdd, c.addend, true}};
  std::vector<float> x = SineWaves(8 * 8 * 16, 0.1F);
  std::vector<float> filter = SineWaves(3 * 3 * 16 * 32, 0.2F);
  std::vector<float> bias = SineWaves(32, 0.3F);
  std::vector<float> addend = SineWaves(8 * 8 * 32, 0.4F);
  std::vector<float> plain(addend.size());

  // The operand lies elsewhere: it must reach the result all the same, and stay as it is.
  const auto from_plain = backend->Prepare(c.context());
  RunOnce(*backend, *from_plain, {x.data(), filter.data()}, {bias.data(), addend.data()}, plain.data());
  EXPECT_EQ(addend, SineWaves(8 * 8 * 32, 0.4F));

  const LayoutPtr layout = backend->Prefers(c.context(), 1);
  if (layout == nullptr) return;  // this processor's kernel takes the filter as it is: that was it
  const ValueId packed = c.program.AddValue({DType::kFloat32, {3, 3, 16, 32}});
  c.program.values[static_cast<size_t>(packed)].layout = layout;
  const Node reorder = Reorder(c.node.inputs[1], packed);
  const auto memory = backend->Allocate(layout->bytes());
  const auto pack = backend->Prepare({c.program, reorder});
  RunOnce(*backend, *pack, {filter.data()}, {}, memory->host());

  c.node.inputs[1] = packed;
  const auto from_packed = backend->Prepare(c.context());
  RunOnce(*backend, *from_packed, {x.data(), memory->host()}, {bias.data(), addend.data()}, addend.data());
  EXPECT_EQ(addend, plain) << "in place, out of the packed filter: the same arithmetic";
}

TEST_F(Onednn, PackingBackGivesThePlainFilter) {
  Convolution c;
  const LayoutPtr layout = backend->Prefers(c.context(), 1);
  if (layout == nullptr) return;
  const ValueId packed = c.program.AddValue({DType::kFloat32, {3, 3, 16, 32}});
  c.program.values[static_cast<size_t>(packed)].layout = layout;
  std::vector<float> filter = SineWaves(3 * 3 * 16 * 32, 0.2F);
  std::vector<float> back(filter.size());
  const auto memory = backend->Allocate(layout->bytes());
  const Node pack = Reorder(c.node.inputs[1], packed);
  const Node unpack = Reorder(packed, c.node.inputs[1]);
  RunOnce(*backend, *backend->Prepare({c.program, pack}), {filter.data()}, {}, memory->host());
  RunOnce(*backend, *backend->Prepare({c.program, unpack}), {memory->host()}, {}, back.data());
  EXPECT_EQ(back, filter);
}

// The definition of a convolution, one element of the result after the other.
std::vector<float> ByDefinition(const Shape& x_shape, const Shape& filter_shape, const Shape& y_shape,
                                const Conv2dAttrs& attrs, const std::vector<float>& x,
                                const std::vector<float>& filter) {
  std::vector<float> y;
  for (int64_t row = 0; row < y_shape[1]; ++row) {
    for (int64_t column = 0; column < y_shape[2]; ++column) {
      for (int64_t o = 0; o < y_shape[3]; ++o) {
        double sum = 0;
        for (int64_t r = 0; r < filter_shape[0]; ++r) {
          for (int64_t s = 0; s < filter_shape[1]; ++s) {
            const int64_t in_row = row * attrs.strides[0] - attrs.pads[0] + r * attrs.dilations[0];
            const int64_t in_column = column * attrs.strides[1] - attrs.pads[2] + s * attrs.dilations[1];
            if (in_row < 0 || in_row >= x_shape[1] || in_column < 0 || in_column >= x_shape[2]) continue;
            for (int64_t c = 0; c < x_shape[3]; ++c) {
              const auto at_x = static_cast<size_t>((in_row * x_shape[2] + in_column) * x_shape[3] + c);
              const auto at_filter = static_cast<size_t>(((r * filter_shape[1] + s) * x_shape[3] + c) * y_shape[3] + o);
              sum += static_cast<double>(x[at_x]) * filter[at_filter];
            }
          }
        }
        y.push_back(static_cast<float>(sum));
      }
    }
  }
  return y;
}

// Shapes for which oneDNN 3.7.2's first choice lost terms.
TEST_F(Onednn, AddsAllTermsWhereAWideStrideMeetsPadsAndAnAdd) {
  struct Trap {
    Shape x, filter, y;
    Conv2dAttrs attrs;
  };
  const std::vector<Trap> traps{
      {{1, 4, 8, 40}, {4, 4, 40, 64}, {1, 5, 2, 64}, {{1, 4}, {1, 1}, {1, 3, 3, 0}}},
      {{1, 5, 9, 17}, {2, 2, 17, 17}, {1, 2, 2, 17}, {{3, 4}, {4, 4}, {1, 2, 3, 0}}},
      {{1, 6, 12, 64}, {1, 7, 64, 17}, {1, 2, 2, 17}, {{4, 5}, {1, 1}, {0, 2, 4, 0}}},
  };
  for (const Trap& trap : traps) {
    Convolution c;
    c.node.attrs = trap.attrs;
    c.program.values[0].type.shape = trap.x;
    c.program.values[1].type.shape = trap.filter;
    c.program.values[2].type.shape = trap.y;
    c.program.values[static_cast<size_t>(c.addend)].type.shape = trap.y;
    c.node.post_ops = {{PostOp::Kind::kAdd, c.addend, true}};
    std::vector<float> x = SineWaves(static_cast<size_t>(ElementCount(trap.x)), 0.1F);
    std::vector<float> filter = SineWaves(static_cast<size_t>(ElementCount(trap.filter)), 0.7F);
    const std::vector<float> expected = ByDefinition(trap.x, trap.filter, trap.y, trap.attrs, x, filter);
    std::vector<float> sum(expected.size(), 0.5F);
    RunOnce(*backend, *backend->Prepare(c.context()), {x.data(), filter.data()}, {sum.data()}, sum.data());
    for (size_t i = 0; i < sum.size(); ++i) ASSERT_NEAR(sum[i], expected[i] + 0.5F, 1e-3) << "element " << i;
  }
}

// A 3x3 convolution of [1,size,size,channels].
Convolution Square(int64_t size, int64_t channels) {
  Convolution c;
  c.program.values[0].type.shape = {1, size, size, channels};
  c.program.values[1].type.shape = {3, 3, channels, 32};
  c.program.values[2].type.shape = {1, size, size, 32};
  return c;
}

// The node with its filter in the layout that the backend wants, and what packs it.
struct PackedConvolution {
  Node pack, node;
  LayoutPtr layout;
};

PackedConvolution PackFilter(const Backend& backend, Convolution& c) {
  const LayoutPtr layout = backend.Prefers(c.context(), 1);
  const ValueId packed = c.program.AddValue(c.program.values[static_cast<size_t>(c.node.inputs[1])].type);
  c.program.values[static_cast<size_t>(packed)].layout = layout;
  Node node = c.node;
  node.inputs[1] = packed;
  return {Reorder(c.node.inputs[1], packed), node, layout};
}

TEST_F(Onednn, A3x3ConvolutionOfManyTilesIsWinogradsAndGivesTheDefinitionsValues) {
  for (const int64_t size : {24, 25, 27, 30}) {
    Convolution c = Square(size, 32);
    const PackedConvolution packed = PackFilter(*backend, c);
    ASSERT_NE(packed.layout, nullptr);
    const NodeContext context{c.program, packed.node};
    const auto kernel = backend->Prepare(context);
    EXPECT_NE(kernel->implementation().find("winograd"), std::string::npos) << kernel->implementation();

    const Shape& y_shape = c.program.values[2].type.shape;
    std::vector<float> x = SineWaves(static_cast<size_t>(size * size * 32), 0.1F);
    std::vector<float> filter = SineWaves(size_t{3} * 3 * 32 * 32, 0.7F);
    const std::vector<float> expected = ByDefinition(c.program.values[0].type.shape, c.program.values[1].type.shape,
                                                     y_shape, std::get<Conv2dAttrs>(c.node.attrs), x, filter);
    std::vector<float> y(expected.size());
    const auto memory = backend->Allocate(packed.layout->bytes());
    RunOnce(*backend, *backend->Prepare({c.program, packed.pack}), {filter.data()}, {}, memory->host());
    RunOnce(*backend, *kernel, {x.data(), memory->host()}, {}, y.data());
    for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], expected[i], 1e-4) << "element " << i;
  }
}

TEST_F(Onednn, FewTilesOrOddChannelsAreNotWinograds) {
  for (const auto& [size, channels] : std::vector<std::pair<int64_t, int64_t>>{{16, 32}, {24, 16}, {24, 40}}) {
    Convolution c = Square(size, channels);
    const LayoutPtr layout = backend->Prefers(c.context(), 1);
    if (layout != nullptr) {
      EXPECT_EQ(layout->name().find("winograd"), std::string::npos) << layout->name();
    }
  }
}

TEST_F(Onednn, NoStepFallsBackToAReferenceKernelForOrdinaryConvolutions) {
  for (const int64_t channels : {1, 3, 17, 64}) {
    for (const int64_t dilation : {1, 2}) {
      Convolution c;
      c.node.attrs = Conv2dAttrs{
          .strides = {1, 1}, .dilations = {dilation, dilation}, .pads = {dilation, dilation, dilation, dilation}};
      c.program.values[0].type.shape[3] = channels;
      c.program.values[1].type.shape[2] = channels;
      const std::string chosen = backend->Prepare(c.context())->implementation();
      EXPECT_EQ(chosen.find("ref"), std::string::npos) << chosen;
    }
  }
}

// Makes the system refuse executable memory to this process from here on, as hardened systems do.
void RefuseExecutableMemory() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mprotect, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::fprintf(stderr, "the filter could not be installed\n");
    std::_Exit(2);
  }
}

TEST(OnednnDeathTest, WithoutExecutableMemoryItSaysSo) {
  const auto try_it = [] {
    const auto prepared = MakeBackend("onednn", {.threads = 2});
    // Of a size that no other test uses: oneDNN keeps generated code for the process.
    Convolution c;
    c.program.values[0].type.shape[3] = 40;
    c.program.values[1].type.shape[2] = 40;
    RefuseExecutableMemory();
    try {
      (void)MakeBackend("onednn", {.threads = 2});
    } catch (const Error& error) {
      std::fprintf(stderr, "MAKE %s\n", error.what());
    }
    try {
      (void)prepared->Prepare(c.context());
    } catch (const Error& error) {
      std::fprintf(stderr, "PREPARE %s %s\n", std::string(Name(error.code())).c_str(), error.what());
      std::_Exit(7);
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(try_it(), ::testing::ExitedWithCode(7), "MAKE .*executable.*\n.*PREPARE ERR_BACKEND .*executable");
}

}  // namespace
}  // namespace slimnet
