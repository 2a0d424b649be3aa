// Steps of optimizers, as loops: to the bit what the host's kernels give.
#include "backends/cudnn/kernels/update.h"

#include <gtest/gtest.h>

#include "native/cudnn/kernels/host_queue.h"
#include "native/cudnn/kernels/reference_op.h"

namespace slimnet::cudnn {
namespace {

using testing::Buffer;
using testing::Data;
using testing::HostQueue;
using testing::Numbers;
using testing::OnReference;
using testing::Random;
using testing::Stored;

// Inputs of an update as the op has them: state, scalars, gradient.
std::vector<Data> InputsOf(int64_t count, int state, const std::vector<float>& scalars) {
  std::vector<Data> inputs;
  for (int k = 0; k < state; ++k) {
    inputs.push_back(Stored({count}, Random(count, k == 0 ? -1.0F : 0.1F, 1, static_cast<unsigned>(k)), {}));
  }
  for (const float scalar : scalars) inputs.push_back(Stored({}, {scalar}, {}));
  inputs.push_back(Stored({count}, Random(count, -1, 1, 9), {}));
  return inputs;
}

Update UpdateOf(std::vector<Data>& inputs, std::vector<Data>& fresh, int state) {
  Update update;
  update.count = inputs[0].count();
  for (int k = 0; k < state; ++k) {
    update.old[k] = inputs[static_cast<size_t>(k)].data();
    update.fresh[k] = fresh[static_cast<size_t>(k)].data();
  }
  for (size_t k = static_cast<size_t>(state); k + 1 < inputs.size(); ++k) {
    update.scalars[k - static_cast<size_t>(state)] = inputs[k].data();
  }
  update.gradient = inputs.back().data();
  return update;
}

// `apply` queues the kernels for what it is given.
template <class Rule, class Queued>
void ExpectSameAsTheHost(const Attrs& attrs, const std::vector<float>& scalars, const Queued& apply) {
  const std::string name(Info(static_cast<OpKind>(attrs.index())).name);
  for (const int64_t count : {0, 1, 5, 4096, 10003}) {
    for (const bool in_place : {false, true}) {
      std::vector<Data> inputs = InputsOf(count, Rule::kState, scalars);
      std::vector<Data> expected = OnReference({attrs, inputs});
      std::vector<Data> fresh(inputs.begin(), inputs.begin() + Rule::kState);
      HostQueue queue;
      apply(queue, UpdateOf(inputs, in_place ? inputs : fresh, Rule::kState));
      queue.Wait();
      for (size_t k = 0; k < Rule::kState; ++k) {
        EXPECT_EQ(Numbers(in_place ? inputs[k] : fresh[k]), Numbers(expected[k])) << name << ", state " << k;
      }
    }
  }
}

template <class Rule>
void ExpectSameAsTheHost(const Attrs& attrs, const std::vector<float>& scalars, const Rule& rule) {
  ExpectSameAsTheHost<Rule>(attrs, scalars,
                            [&](Queue& queue, const Update& update) { Apply(queue, rule, std::span(&update, 1)); });
}

TEST(UpdateKernels, GiveTheBitsOfTheHost) {
  const std::vector<float> rate{0.01F};
  ExpectSameAsTheHost(ApplyGradientDescentAttrs{}, rate, GradientDescentRule{});
  for (const bool nesterov : {false, true}) {
    ExpectSameAsTheHost(ApplyMomentumAttrs{.momentum = 0.9, .use_nesterov = nesterov}, rate,
                        MomentumRule{AsFloat32(0.9), nesterov});
  }
  ExpectSameAsTheHost(ApplyAdamAttrs{.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8}, {0.9F, 0.99F, 0.001F},
                      AdamRule{AsFloat32(0.9), AsFloat32(0.999), AsFloat32(1e-8), 0});
  ExpectSameAsTheHost(ApplyAdamWAttrs{.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.05},
                      {0.9F, 0.99F, 0.001F},
                      AdamRule{AsFloat32(0.9), AsFloat32(0.999), AsFloat32(1e-8), AsFloat32(0.05)});
  ExpectSameAsTheHost(ApplyRmsPropAttrs{.decay = 0.9, .momentum = 0.8, .epsilon = 1e-3}, rate,
                      RmsPropRule{AsFloat32(0.9), AsFloat32(0.8), AsFloat32(1e-3)});
  // A mean square above the square of the mean.
  ExpectSameAsTheHost(ApplyCenteredRmsPropAttrs{.decay = 0.9, .momentum = 0.8, .epsilon = 2}, rate,
                      CenteredRmsPropRule{AsFloat32(0.9), AsFloat32(0.8), AsFloat32(2)});
  ExpectSameAsTheHost(ApplyAdagradAttrs{}, rate, AdagradRule{});
  ExpectSameAsTheHost(ApplyAdadeltaAttrs{.rho = 0.95, .epsilon = 1e-6}, rate,
                      AdadeltaRule{AsFloat32(0.95), AsFloat32(1e-6)});
  ExpectSameAsTheHost(ApplyFtrlAttrs{.learning_rate_power = -0.5, .l1 = 0.3, .l2 = 0.01, .l2_shrinkage = 0.001}, rate,
                      FtrlRule{AsFloat32(-0.5), AsFloat32(0.3), AsFloat32(0.01), AsFloat32(0.001)});
}

TEST(UpdateKernels, AssignAsTheHostDoes) {
  ExpectSameAsTheHost(AssignAddAttrs{}, {}, AssignAddRule{});
  ExpectSameAsTheHost(AssignMovingAverageAttrs{.decay = 0.99}, {}, MovingAverageRule{1 - 0.99});
}

TEST(UpdateKernels, DebiasMovingAveragesAsTheHostDoes) {
  const std::vector<Data> inputs = InputsOf(40, 2, {6});
  const std::vector<Data> expected = OnReference({AssignDebiasedMovingAverageAttrs{.decay = 0.9}, inputs});
  std::vector<Data> changed = inputs;
  HostQueue queue;
  const Update update = UpdateOf(changed, changed, 2);
  Apply(queue, DebiasedMovingAverageRule{0.9}, std::span(&update, 1));
  CountOne(queue, update.scalars[0], update.scalars[0]);
  queue.Wait();
  for (size_t k = 0; k < 3; ++k) EXPECT_EQ(Numbers(changed[k]), Numbers(expected[k])) << k;
}

TEST(UpdateKernels, TrustEachVariableOfLars) {
  for (const bool nesterov : {false, true}) {
    const ApplyLarsAttrs attrs{
        .momentum = 0.9, .weight_decay = 1e-4, .eeta = 0.001, .epsilon = 1e-6, .use_nesterov = nesterov};
    const LarsRule rule{AsFloat32(0.9), AsFloat32(1e-4), AsFloat32(0.001), AsFloat32(1e-6), nesterov, nullptr};
    for (const int64_t count : {0, 1, 100, 50000}) {
      std::vector<Data> inputs = InputsOf(count, 2, {0.1F});
      const std::vector<Data> expected = OnReference({attrs, inputs});
      Buffer<double> scratch(LarsScratchBytes(count) / sizeof(double), std::numeric_limits<double>::quiet_NaN());
      HostQueue queue;
      ApplyLars(queue, rule, UpdateOf(inputs, inputs, 2), scratch.data());
      queue.Wait();
      // The norms are added up in another order, in double.
      for (size_t k = 0; k < 2; ++k) {
        testing::ExpectClose(Numbers(inputs[k]), Numbers(expected[k]), 2e-7, 1e-6, "lars");
      }
    }
  }
}

TEST(UpdateKernels, ChangeManyVariablesInOneCall) {
  std::vector<std::vector<Data>> all;
  std::vector<std::vector<Data>> expected;
  std::vector<Update> updates;
  const MomentumRule rule{AsFloat32(0.9), false};
  for (int64_t i = 0; i < 75; ++i) all.push_back(InputsOf(i * i * 3, 2, {0.01F * static_cast<float>(i)}));
  for (std::vector<Data>& inputs : all) {
    expected.push_back(OnReference({ApplyMomentumAttrs{.momentum = 0.9}, inputs}));
    updates.push_back(UpdateOf(inputs, inputs, 2));
  }
  HostQueue queue;
  Apply(queue, rule, updates);
  queue.Wait();
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t k = 0; k < 2; ++k) EXPECT_EQ(Numbers(all[i][k]), Numbers(expected[i][k])) << i;
  }
}

TEST(UpdateKernels, TakeMemoryThatIsNotAligned) {
  const std::vector<float> variable = Random(37, -1, 1, 1);
  const std::vector<float> accumulator = Random(37, -1, 1, 2);
  const std::vector<float> gradient = Random(37, -1, 1, 3);
  const std::vector<Data> expected = OnReference({ApplyMomentumAttrs{.momentum = 0.9},
                                                  {Stored({37}, variable, {}), Stored({37}, accumulator, {}),
                                                   Stored({}, {0.5F}, {}), Stored({37}, gradient, {})}});
  Buffer<float> v(variable, false), a(accumulator, false), g(gradient, false), rate(std::vector<float>{0.5F}, false);
  const Update update{37, {v.data(), a.data()}, {v.data(), a.data()}, {rate.data()}, g.data()};
  HostQueue queue;
  Apply(queue, MomentumRule{AsFloat32(0.9), false}, std::span(&update, 1));
  queue.Wait();
  EXPECT_EQ(v.values(), Numbers(expected[0]));
  EXPECT_EQ(a.values(), Numbers(expected[1]));
}

}  // namespace
}  // namespace slimnet::cudnn
