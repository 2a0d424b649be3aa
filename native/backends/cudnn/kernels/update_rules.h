// Rules of optimizers: what becomes of the numbers of one element, in double, by the very expressions of the host's
// kernels (backends/cpu/apply_*.cc), so that both give the same bits wherever they only add, multiply, divide and take
// roots. A rule holds hyperparameters, rounded as a float32 tensor would hold them; With(scalars) is done once for each
// thread, the learning rate being the last scalar.
#pragma once

#include <cmath>

#include "backends/cudnn/kernels/each.h"
#include "base/rounded.h"

namespace slimnet::cudnn {

inline double AsFloat32(double value) { return RoundedTo<float>(value); }

inline constexpr int kMostScalars = 3;
inline constexpr int kMostState = 4;

struct GradientDescentRule {
  static constexpr int kState = 1;
  static constexpr int kScalars = 1;
  bool operator==(const GradientDescentRule&) const = default;

  struct Step {
    double rate;
    SLIMNET_BODY void operator()(double* state, double gradient) const { state[0] -= rate * gradient; }
  };
  SLIMNET_BODY Step With(const double* scalars) const { return {scalars[0]}; }
};

struct MomentumRule {
  static constexpr int kState = 2;
  static constexpr int kScalars = 1;
  double momentum;
  bool nesterov;
  bool operator==(const MomentumRule&) const = default;

  struct Step {
    double momentum, rate;
    bool nesterov;
    SLIMNET_BODY void operator()(double* state, double gradient) const {
      state[1] = momentum * state[1] + gradient;
      state[0] -= rate * (nesterov ? gradient + momentum * state[1] : state[1]);
    }
  };
  SLIMNET_BODY Step With(const double* scalars) const { return {momentum, scalars[0], nesterov}; }
};

// The learning rate is that of the step times the variable's own trust.
struct LarsRule {
  static constexpr int kState = 2;
  static constexpr int kScalars = 1;
  double momentum, decay, eeta, epsilon;
  bool nesterov;
  const double* squares;  // sums of those of the variable and of the gradient
  bool operator==(const LarsRule&) const = default;

  struct Step {
    MomentumRule::Step rule;
    double rate, decay;
    SLIMNET_BODY void operator()(double* state, double gradient) const {
      rule(state, rate * (gradient + decay * state[0]));
    }
  };
  SLIMNET_BODY Step With(const double* scalars) const {
    const double w = sqrt(squares[0]);
    const double g = sqrt(squares[1]);
    const double trust = w > 0 && g > 0 ? eeta * w / (g + decay * w + epsilon) : 1;
    return {{momentum, 1, nesterov}, scalars[0] * trust, decay};
  }
};

// With weight decay 0 the rule of Adam itself.
struct AdamRule {
  static constexpr int kState = 3;
  static constexpr int kScalars = 3;
  double beta1, beta2, epsilon, decay;
  bool operator==(const AdamRule&) const = default;

  struct Step {
    double beta1, beta2, epsilon, kept, rate;
    SLIMNET_BODY void operator()(double* state, double gradient) const {
      state[1] += (gradient - state[1]) * (1 - beta1);
      state[2] += (gradient * gradient - state[2]) * (1 - beta2);
      state[0] = state[0] * kept - rate * state[1] / (sqrt(state[2]) + epsilon);
    }
  };
  SLIMNET_BODY Step With(const double* scalars) const {
    const double rate = scalars[2] * sqrt(1 - scalars[1]) / (1 - scalars[0]);
    return {beta1, beta2, epsilon, 1 - scalars[2] * decay, rate};
  }
};

struct RmsPropRule {
  static constexpr int kState = 3;
  static constexpr int kScalars = 1;
  double decay, momentum, epsilon;
  bool operator==(const RmsPropRule&) const = default;

  struct Step {
    double decay, momentum, epsilon, rate;
    SLIMNET_BODY void operator()(double* state, double gradient) const {
      state[1] += (gradient * gradient - state[1]) * (1 - decay);
      state[2] = momentum * state[2] + rate * gradient / sqrt(state[1] + epsilon);
      state[0] -= state[2];
    }
  };
  SLIMNET_BODY Step With(const double* scalars) const { return {decay, momentum, epsilon, scalars[0]}; }
};

struct CenteredRmsPropRule {
  static constexpr int kState = 4;
  static constexpr int kScalars = 1;
  double decay, momentum, epsilon;
  bool operator==(const CenteredRmsPropRule&) const = default;

  struct Step {
    double decay, momentum, epsilon, rate;
    SLIMNET_BODY void operator()(double* state, double gradient) const {
      state[2] += (gradient * gradient - state[2]) * (1 - decay);
      state[1] += (gradient - state[1]) * (1 - decay);
      state[3] = momentum * state[3] + rate * gradient / sqrt(state[2] - state[1] * state[1] + epsilon);
      state[0] -= state[3];
    }
  };
  SLIMNET_BODY Step With(const double* scalars) const { return {decay, momentum, epsilon, scalars[0]}; }
};

struct AdagradRule {
  static constexpr int kState = 2;
  static constexpr int kScalars = 1;
  bool operator==(const AdagradRule&) const = default;

  struct Step {
    double rate;
    SLIMNET_BODY void operator()(double* state, double gradient) const {
      state[1] += gradient * gradient;
      state[0] -= rate * gradient / sqrt(state[1]);
    }
  };
  SLIMNET_BODY Step With(const double* scalars) const { return {scalars[0]}; }
};

struct AdadeltaRule {
  static constexpr int kState = 3;
  static constexpr int kScalars = 1;
  double rho, epsilon;
  bool operator==(const AdadeltaRule&) const = default;

  struct Step {
    double rho, epsilon, rate;
    SLIMNET_BODY void operator()(double* state, double gradient) const {
      state[1] = rho * state[1] + (1 - rho) * gradient * gradient;
      const double update = gradient * sqrt(state[2] + epsilon) / sqrt(state[1] + epsilon);
      state[0] -= rate * update;
      state[2] = rho * state[2] + (1 - rho) * update * update;
    }
  };
  SLIMNET_BODY Step With(const double* scalars) const { return {rho, epsilon, scalars[0]}; }
};

struct FtrlRule {
  static constexpr int kState = 3;
  static constexpr int kScalars = 1;
  double power, l1, l2, shrinkage;
  bool operator==(const FtrlRule&) const = default;

  struct Step {
    double power, l1, l2, shrinkage, rate;
    SLIMNET_BODY void operator()(double* state, double gradient) const {
      const double grown = state[1] + gradient * gradient;
      const double root = pow(grown, -power);
      state[2] += gradient + 2 * shrinkage * state[0] - (root - pow(state[1], -power)) / rate * state[0];
      const double quadratic = root / rate + 2 * l2;
      state[0] = fabs(state[2]) > l1 ? (copysign(l1, state[2]) - state[2]) / quadratic : 0;
      state[1] = grown;
    }
  };
  SLIMNET_BODY Step With(const double* scalars) const { return {power, l1, l2, shrinkage, scalars[0]}; }
};

// rule(variable, value): what assigning ops make of a variable.
struct AssignAddRule {
  static constexpr int kState = 1;
  static constexpr int kScalars = 0;
  bool operator==(const AssignAddRule&) const = default;

  struct Step {
    SLIMNET_BODY void operator()(double* state, double value) const { state[0] = state[0] + value; }
  };
  SLIMNET_BODY Step With(const double*) const { return {}; }
};

struct MovingAverageRule {
  static constexpr int kState = 1;
  static constexpr int kScalars = 0;
  double rate;  // 1 - decay, not rounded
  bool operator==(const MovingAverageRule&) const = default;

  struct Step {
    double rate;
    SLIMNET_BODY void operator()(double* state, double value) const { state[0] = state[0] - (state[0] - value) * rate; }
  };
  SLIMNET_BODY Step With(const double*) const { return {rate}; }
};

// The state is the variable and the biased average; the scalar is how many values there were before.
struct DebiasedMovingAverageRule {
  static constexpr int kState = 2;
  static constexpr int kScalars = 1;
  double decay;
  bool operator==(const DebiasedMovingAverageRule&) const = default;

  struct Step {
    double decay, correction;
    SLIMNET_BODY void operator()(double* state, double value) const {
      state[1] = static_cast<double>(static_cast<float>(state[1] - (state[1] - value) * (1 - decay)));
      // variable - (variable - x) is x, but for variables so large that the difference has lost it.
      state[0] = state[0] - (state[0] - state[1] / correction);
    }
  };
  SLIMNET_BODY Step With(const double* scalars) const {
    const auto step = static_cast<double>(static_cast<float>(scalars[0]) + 1);
    return {decay, 1 - pow(decay, step)};
  }
};

}  // namespace slimnet::cudnn
