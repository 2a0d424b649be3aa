#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "native/devices/cudnn_software/interpreter/soft_broadcast.h"
#include "native/devices/cudnn_software/interpreter/soft_run.h"

namespace slimnet::testing {
namespace {

// What a mode computes of up to three elements. Only modes that slimnet uses are here.
using Elementwise = std::function<double(double x, double b, double t)>;

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// cuDNN's clips are of all numbers; NaN stays NaN.
double Clipped(double x, double lower, double upper, double slope) {
  if (std::isnan(x)) return x;
  if (x < lower) return lower + slope * (x - lower);
  return std::min(x, upper);
}

// Of the largest or smallest of two, NaN where one is.
double Larger(double x, double b) { return std::isnan(x) || x > b ? x : b; }
double Smaller(double x, double b) { return std::isnan(x) || x < b ? x : b; }

Elementwise FunctionOf(const SoftNode& node, const std::string& mode) {
  static const std::map<std::string, Elementwise> kPlain = {
      {"IDENTITY", [](double x, double, double) { return x; }},
      {"NEG", [](double x, double, double) { return -x; }},
      {"ABS", [](double x, double, double) { return std::fabs(x); }},
      {"EXP", [](double x, double, double) { return std::exp(x); }},
      {"LOG", [](double x, double, double) { return std::log(x); }},
      {"SQRT", [](double x, double, double) { return std::sqrt(x); }},
      {"RSQRT", [](double x, double, double) { return 1 / std::sqrt(x); }},
      {"RECIPROCAL", [](double x, double, double) { return 1 / x; }},
      {"TANH_FWD", [](double x, double, double) { return std::tanh(x); }},
      {"SIGMOID_FWD", [](double x, double, double) { return Sigmoid(x); }},
      {"ADD", [](double x, double b, double) { return x + b; }},
      {"SUB", [](double x, double b, double) { return x - b; }},
      {"MUL", [](double x, double b, double) { return x * b; }},
      {"DIV", [](double x, double b, double) { return x / b; }},
      {"MAX", [](double x, double b, double) { return Larger(x, b); }},
      {"MIN", [](double x, double b, double) { return Smaller(x, b); }},
      {"CMP_EQ", [](double x, double b, double) { return x == b ? 1.0 : 0.0; }},
      {"CMP_NEQ", [](double x, double b, double) { return x != b ? 1.0 : 0.0; }},
      {"CMP_GT", [](double x, double b, double) { return x > b ? 1.0 : 0.0; }},
      {"CMP_GE", [](double x, double b, double) { return x >= b ? 1.0 : 0.0; }},
      {"CMP_LT", [](double x, double b, double) { return x < b ? 1.0 : 0.0; }},
      {"CMP_LE", [](double x, double b, double) { return x <= b ? 1.0 : 0.0; }},
      {"BINARY_SELECT", [](double x, double b, double t) { return t != 0 ? x : b; }},
      // Gradients: x as it went in, b is dy.
      {"TANH_BWD", [](double x, double b, double) { return b * (1 - std::tanh(x) * std::tanh(x)); }},
      {"SIGMOID_BWD", [](double x, double b, double) { return b * Sigmoid(x) * (1 - Sigmoid(x)); }},
  };
  if (const auto found = kPlain.find(mode); found != kPlain.end()) return found->second;
  if (mode == "RELU_FWD" || mode == "RELU_BWD") {
    const double lower = node.Number("lowerClip"), upper = node.Number("upperClip");
    const double slope = node.Number("lowerClipSlope");
    if (mode == "RELU_FWD") return [=](double x, double, double) { return Clipped(x, lower, upper, slope); };
    return [=](double x, double b, double) { return x > lower ? (x < upper ? b : 0.0) : slope * b; };
  }
  if (mode == "ELU_FWD" || mode == "ELU_BWD") {
    const double alpha = node.Number("alpha");
    if (mode == "ELU_FWD") return [=](double x, double, double) { return x > 0 ? x : alpha * std::expm1(x); };
    return [=](double x, double b, double) { return x > 0 ? b : b * alpha * std::exp(x); };
  }
  RefuseNode(node, "there is no mode " + mode + " here");
}

}  // namespace

void SoftPointwise(SoftRun& run, const SoftNode& node) {
  const std::string mode = node.Text("pointwiseMode", "CUDNN_POINTWISE_");
  const bool backward = mode.ends_with("_BWD");
  const std::string written = backward ? "dX" : "Y", second = backward ? "dY" : "B";
  const SoftValue* const x = &run.In(node, "X");
  const SoftValue* const b = node.Has(second) ? &run.In(node, second) : nullptr;
  const SoftValue* const t = node.Has("T") ? &run.In(node, "T") : nullptr;
  const double x_factor = node.Has("alpha1") ? node.Number("alpha1") : 1;
  const double b_factor = node.Has("alpha2") ? node.Number("alpha2") : 1;
  const Elementwise function = FunctionOf(node, mode);
  SoftValue y = run.New(node, written);
  for (const SoftValue* operand : {x, b, t}) {
    if (operand != nullptr && !Broadcasts(*operand, y.extents)) RefuseNode(node, "its operands do not broadcast");
  }
  const auto rows = [&](const auto& apply) {
    EachBroadcastRow<3>(y.extents, {x, b, t}, [&](int64_t to, const auto& from, const auto& step, int64_t count) {
      const double* const xs = x->elements.data() + from[0];
      const double* const bs = b != nullptr ? b->elements.data() + from[1] : xs;
      const double* const ts = t != nullptr ? t->elements.data() + from[2] : xs;
      double* const ys = y.elements.data() + to;
      for (int64_t i = 0; i < count; ++i) {
        ys[i] = apply(x_factor * xs[i * step[0]], b_factor * bs[i * step[1]], ts[i * step[2]]);
      }
    });
  };
  // What every convolution has behind it, without a call for each element.
  if (mode == "ADD") {
    rows([](double p, double q, double) { return p + q; });
  } else if (mode == "MUL") {
    rows([](double p, double q, double) { return p * q; });
  } else {
    rows(function);
  }
  run.Out(node, written, std::move(y));
}

}  // namespace slimnet::testing
