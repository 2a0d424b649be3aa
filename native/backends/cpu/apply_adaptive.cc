// Updates that divide by what they have seen of the gradient's size, element by element.
#include <cmath>

#include "backends/cpu/apply_rule.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {
namespace {

// Adam; what weight decay leaves of the variable is taken before.
template <class Attrs>
std::unique_ptr<Kernel> Adam(const NodeContext& node, double weight_decay) {
  const auto a = std::get<Attrs>(node.node.attrs);
  return ApplyRule<3>(node, [a, weight_decay](auto round) {
    return [beta1 = round(a.beta1), beta2 = round(a.beta2), epsilon = round(a.epsilon),
            decay = round(weight_decay)](const Scalars& s) {
      const auto [beta1_power, beta2_power, learning_rate] = s;
      const double kept = 1 - learning_rate * decay;
      const double rate = learning_rate * std::sqrt(1 - beta2_power) / (1 - beta1_power);
      return [=](std::array<double, 3>& state, double gradient) {
        auto& [variable, m, v] = state;
        m += (gradient - m) * (1 - beta1);
        v += (gradient * gradient - v) * (1 - beta2);
        variable = variable * kept - rate * m / (std::sqrt(v) + epsilon);
      };
    };
  });
}

}  // namespace

std::unique_ptr<Kernel> PrepareApplyAdam(const NodeContext& node) { return Adam<ApplyAdamAttrs>(node, 0); }

std::unique_ptr<Kernel> PrepareApplyAdamW(const NodeContext& node) {
  return Adam<ApplyAdamWAttrs>(node, std::get<ApplyAdamWAttrs>(node.node.attrs).weight_decay);
}

std::unique_ptr<Kernel> PrepareApplyRmsProp(const NodeContext& node) {
  const auto a = std::get<ApplyRmsPropAttrs>(node.node.attrs);
  return ApplyRule<3>(node, [a](auto round) {
    return [decay = round(a.decay), momentum = round(a.momentum), epsilon = round(a.epsilon)](const Scalars& s) {
      return [=, rate = s[0]](std::array<double, 3>& state, double gradient) {
        auto& [variable, mean_square, sum] = state;
        mean_square += (gradient * gradient - mean_square) * (1 - decay);
        sum = momentum * sum + rate * gradient / std::sqrt(mean_square + epsilon);
        variable -= sum;
      };
    };
  });
}

std::unique_ptr<Kernel> PrepareApplyCenteredRmsProp(const NodeContext& node) {
  const auto a = std::get<ApplyCenteredRmsPropAttrs>(node.node.attrs);
  return ApplyRule<4>(node, [a](auto round) {
    return [decay = round(a.decay), momentum = round(a.momentum), epsilon = round(a.epsilon)](const Scalars& s) {
      return [=, rate = s[0]](std::array<double, 4>& state, double gradient) {
        auto& [variable, mean, mean_square, sum] = state;
        mean_square += (gradient * gradient - mean_square) * (1 - decay);
        mean += (gradient - mean) * (1 - decay);
        sum = momentum * sum + rate * gradient / std::sqrt(mean_square - mean * mean + epsilon);
        variable -= sum;
      };
    };
  });
}

std::unique_ptr<Kernel> PrepareApplyAdagrad(const NodeContext& node) {
  return ApplyRule<2>(node, [](auto) {
    return [](const Scalars& s) {
      return [rate = s[0]](std::array<double, 2>& state, double gradient) {
        auto& [variable, accumulator] = state;
        accumulator += gradient * gradient;
        variable -= rate * gradient / std::sqrt(accumulator);
      };
    };
  });
}

std::unique_ptr<Kernel> PrepareApplyAdadelta(const NodeContext& node) {
  const auto a = std::get<ApplyAdadeltaAttrs>(node.node.attrs);
  return ApplyRule<3>(node, [a](auto round) {
    return [rho = round(a.rho), epsilon = round(a.epsilon)](const Scalars& s) {
      return [=, rate = s[0]](std::array<double, 3>& state, double gradient) {
        auto& [variable, accumulator, accumulated_update] = state;
        accumulator = rho * accumulator + (1 - rho) * gradient * gradient;
        const double update = gradient * std::sqrt(accumulated_update + epsilon) / std::sqrt(accumulator + epsilon);
        variable -= rate * update;
        accumulated_update = rho * accumulated_update + (1 - rho) * update * update;
      };
    };
  });
}

std::unique_ptr<Kernel> PrepareApplyFtrl(const NodeContext& node) {
  const auto a = std::get<ApplyFtrlAttrs>(node.node.attrs);
  return ApplyRule<3>(node, [a](auto round) {
    return [power = round(a.learning_rate_power), l1 = round(a.l1), l2 = round(a.l2),
            shrinkage = round(a.l2_shrinkage)](const Scalars& s) {
      return [=, rate = s[0]](std::array<double, 3>& state, double gradient) {
        auto& [variable, accumulator, linear] = state;
        const double grown = accumulator + gradient * gradient;
        const double root = std::pow(grown, -power);
        linear += gradient + 2 * shrinkage * variable - (root - std::pow(accumulator, -power)) / rate * variable;
        const double quadratic = root / rate + 2 * l2;
        variable = std::abs(linear) > l1 ? (std::copysign(l1, linear) - linear) / quadratic : 0;
        accumulator = grown;
      };
    };
  });
}

}  // namespace slimnet::cpu
