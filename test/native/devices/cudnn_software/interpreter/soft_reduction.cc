#include <cmath>
#include <limits>
#include <string>

#include "native/devices/cudnn_software/interpreter/soft_broadcast.h"
#include "native/devices/cudnn_software/interpreter/soft_run.h"

namespace slimnet::testing {
namespace {

double Folded(const SoftNode& node, const std::string& mode, double sum, double element) {
  if (mode == "ADD") return sum + element;
  if (mode == "MUL") return sum * element;
  if (std::isnan(sum) || std::isnan(element)) return std::numeric_limits<double>::quiet_NaN();
  if (mode == "MAX") return std::fmax(sum, element);
  if (mode == "MIN") return std::fmin(sum, element);
  RefuseNode(node, "there is no mode " + mode + " here");
}

double Beginning(const std::string& mode) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return mode == "ADD" ? 0 : mode == "MUL" ? 1 : mode == "MAX" ? -kInfinity : kInfinity;
}

}  // namespace

void SoftReduction(SoftRun& run, const SoftNode& node) {
  const std::string mode = node.Text("reductionOp", "CUDNN_REDUCE_TENSOR_");
  const SoftValue& x = run.In(node, "X");
  SoftValue y = run.New(node, "Y");
  if (!Broadcasts(y, x.extents)) RefuseNode(node, "its extents do not fit one another");
  for (double& element : y.elements) element = Beginning(mode);
  EachBroadcastRow<1>(x.extents, {&y}, [&](int64_t from, const auto& to, const auto& step, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      double& sum = y.elements[static_cast<size_t>(to[0] + i * step[0])];
      sum = Folded(node, mode, sum, x.elements[static_cast<size_t>(from + i)]);
    }
  });
  run.Out(node, "Y", std::move(y));
}

}  // namespace slimnet::testing
