// Random programs: every op that a pass knows, in combinations that nobody thought of.
#pragma once

#include <cstdint>
#include <limits>
#include <random>

#include "native/builder.h"

namespace slimnet::testing {

class RandomProgram {
 public:
  explicit RandomProgram(uint32_t seed, int64_t batch = 2) : random_(seed), batch_(batch) {}

  Program Make(int nodes) {
    images_.push_back(builder_.Input("images", Float({batch_, 6, 6, 4})));
    for (int i = 0; i < nodes; ++i) Step();
    for (int i = 0; i < 1 + Pick(3); ++i) builder_.Output("image_" + std::to_string(i), Any(images_));
    if (!vectors_.empty()) builder_.Output("vector", Any(vectors_));
    for (int i = 0; i < Pick(3) && !statistics_.empty(); ++i) UpdateSome(i);
    return builder_.Take();
  }

 private:
  int Pick(int count) { return static_cast<int>(random_() % static_cast<uint32_t>(count)); }
  ValueId Any(const std::vector<ValueId>& values) { return values[random_() % values.size()]; }
  // Mostly the newest: long chains are what fuses.
  ValueId Image() { return Pick(3) > 0 ? images_.back() : Any(images_); }
  void Push(ValueId value) { images_.push_back(value); }

  void Step() {
    const ValueId x = Image();
    const int64_t channels = builder_.TypeOf(x).shape[3];
    switch (Pick(16)) {
      case 0:
      case 1:
        return Push(builder_.Conv(x, 1 + 2 * Pick(2), 4));
      case 2:
        return Push(builder_.Conv(x, 1, 4, 1 + Pick(2)));
      case 3: {
        statistics_.push_back(builder_.Variable("bias_" + std::to_string(count_++), Float({channels})));
        return Push(builder_.Op(BiasAddAttrs{}, {x, statistics_.back()}));
      }
      case 4:
      case 5:
        return Push(builder_.BatchNorm(x));
      case 6:
        return Push(builder_.Op(ReluAttrs{}, {x}));
      case 7:
        return Push(builder_.Op(Relu6Attrs{}, {x}));
      case 8:
      case 9:
        return AddSome(x);
      case 10: {
        const int64_t p = Pick(2);
        return Push(builder_.Conv(builder_.Op(PadAttrs{{0, 0, p, 1, 1, p, 0, 0}}, {x}), 1 + 2 * Pick(2), 4));
      }
      case 11:
        return Push(builder_.Op(MaxPool2dAttrs{{1, 1}, {1 + Pick(2), 1 + Pick(2)}, {0, 0, 0, 0}}, {x}));
      case 12:
        return Pick(2) == 0 ? Reshaped(x) : Push(builder_.Op(DropoutAttrs{1, 7}, {x}));
      case 13:
      case 14:
        return Push(ChannelsFirst(x));
      default:
        return Statistics(x);
    }
  }

  // What a layer whose channels come first makes of an image, or something odder.
  ValueId ChannelsFirst(ValueId x) {
    ValueId y = builder_.Op(TransposeAttrs{{0, 3, 1, 2}}, {x});
    if (Pick(2) == 0) y = builder_.Op(ReluAttrs{}, {y});
    if (Pick(3) == 0) y = builder_.Op(AddAttrs{}, {y, builder_.Op(TransposeAttrs{{0, 3, 1, 2}}, {x})});
    if (Pick(3) == 0) y = builder_.Op(PadAttrs{{0, 0, 0, 0, 1, 0, 0, 1}}, {y});
    if (Pick(4) == 0) vectors_.push_back(builder_.Op(ReduceMeanAttrs{{0, 2, 3}, false}, {y}));
    if (Pick(4) == 0) y = builder_.Op(TransposeAttrs{{0, 1, 3, 2}}, {y});
    return builder_.Op(TransposeAttrs{{0, 2, 3, 1}}, {y});
  }

  void AddSome(ValueId x) {
    for (int i = 0; i < 8; ++i) {
      const ValueId y = Any(images_);
      if (builder_.TypeOf(y) == builder_.TypeOf(x)) return Push(builder_.Op(AddAttrs{}, {x, y}));
    }
  }

  void Reshaped(ValueId x) {
    const Shape shape = builder_.TypeOf(x).shape;
    Push(builder_.Op(ReshapeAttrs{{shape[0], shape[2], shape[1], shape[3]}}, {x}));
  }

  void Statistics(ValueId x) {
    const int64_t channels = builder_.TypeOf(x).shape[3];
    const std::string name = std::to_string(count_++);
    const ValueId gamma = builder_.Variable("gamma_" + name, Float({channels}));
    const ValueId beta = builder_.Variable("beta_" + name, Float({channels}));
    const ValueId y = builder_.Op(BatchNormTrainingAttrs{0.001, true}, {x, gamma, beta});
    vectors_.push_back(y + 1);
    vectors_.push_back(gamma);
    statistics_.push_back(gamma);
    Push(y);
    if (Pick(2) == 0) WayBack(x, gamma, y);
  }

  // The gradient of a batch norm, and of a rectifier behind it, out of that of something of their shape.
  void WayBack(ValueId x, ValueId gamma, ValueId y) {
    const bool six = Pick(2) == 0;
    const ValueId relu = six ? builder_.Op(Relu6Attrs{}, {y}) : builder_.Op(ReluAttrs{}, {y});
    const ValueId dy = Pick(2) == 0 ? Any(images_) : builder_.Op(AddAttrs{}, {relu, x});
    if (builder_.TypeOf(dy) != builder_.TypeOf(y)) return Push(relu);
    const double limit = six ? 6 : std::numeric_limits<double>::infinity();
    const ValueId cut = builder_.Op(ReluBackwardAttrs{limit}, {relu, dy});
    if (Pick(3) == 0) Push(cut);
    const ValueId dx = builder_.Op(BatchNormTrainingBackwardAttrs{0.001, true}, {x, gamma, y + 1, y + 2, cut});
    vectors_.push_back(dx + 1);
    Push(dx);
    AddSome(dx);
  }

  // Several updates may change one variable, read one that another changes, or be read by an output.
  void UpdateSome(int i) {
    const ValueId variable = Any(statistics_);
    const ValueId value = vectors_.empty() ? variable : Any(vectors_);
    const bool fits = builder_.TypeOf(variable) == builder_.TypeOf(value);
    const ValueId updated = builder_.Op(AssignMovingAverageAttrs{0.5}, {variable, fits ? value : variable});
    builder_.Update(updated);
    vectors_.push_back(updated);
    if (Pick(2) == 0) builder_.Output("updated_" + std::to_string(i), updated);
    if (Pick(2) == 0) builder_.Output("read_" + std::to_string(i), variable);
  }

  std::mt19937 random_;
  const int64_t batch_;
  Builder builder_;
  std::vector<ValueId> images_;
  std::vector<ValueId> vectors_;
  std::vector<ValueId> statistics_;  // variables of one dimension
  int count_ = 0;
};

}  // namespace slimnet::testing
