// Batch norm in training, its gradient, and what goes with them. Sums of each channel, in double.
#include <cmath>
#include <string>
#include <vector>

#include "native/devices/cudnn_software/interpreter/soft_run.h"

namespace slimnet::testing {
namespace {

using Channels = std::vector<double>;

void CheckBatchNorm(const SoftNode& node) {
  if (node.Text("mode") != "CUDNN_BATCH_NORM") RefuseNode(node, "it is " + node.Text("mode"));
}

// Sums function(element, channel, place) over everything but channels.
template <class F>
Channels SumEach(const SoftValue& x, F function) {
  const int64_t channels = x.extents[1];
  Channels sums(static_cast<size_t>(channels), 0.0);
  for (size_t at = 0; at < x.elements.size(); ++at) {
    const size_t channel = at % static_cast<size_t>(channels);
    sums[channel] += function(x.elements[at], channel, at);
  }
  return sums;
}

double CountEach(const SoftValue& x) { return static_cast<double>(x.count() / x.extents[1]); }

void Put(SoftRun& run, const SoftNode& node, const std::string& port, const Channels& channels) {
  if (!node.Has(port)) return;
  SoftValue value = run.New(node, port);
  if (value.elements.size() != channels.size()) RefuseNode(node, port + " has not one element a channel");
  value.elements = channels;
  run.Out(node, port, std::move(value));
}

const Channels& ChannelsAt(SoftRun& run, const SoftNode& node, const std::string& port) {
  return run.In(node, port).elements;
}

// What moving statistics become. A variance counts as that of a sample out of more.
Channels Moved(const Channels& previous, const Channels& now, double factor, double correction) {
  Channels moved(now.size());
  for (size_t c = 0; c < now.size(); ++c) moved[c] = (1 - factor) * previous[c] + factor * now[c] * correction;
  return moved;
}

double Correction(double count) { return count > 1 ? count / (count - 1) : 1; }

}  // namespace

void SoftStatistics(SoftRun& run, const SoftNode& node) {
  const SoftValue& x = run.In(node, "X");
  Put(run, node, "Sum", SumEach(x, [](double value, size_t, size_t) { return value; }));
  Put(run, node, "SqSum", SumEach(x, [](double value, size_t, size_t) { return value * value; }));
}

void SoftNormForward(SoftRun& run, const SoftNode& node) {
  CheckBatchNorm(node);
  const SoftValue& x = run.In(node, "X");
  const bool training = node.Text("fmode") == "CUDNN_NORM_FWD_TRAINING";
  const double count = CountEach(x);
  Channels mean, inverse;
  if (training) {
    mean = SumEach(x, [&](double value, size_t, size_t) { return value / count; });
    const Channels variance =
        SumEach(x, [&](double value, size_t c, size_t) { return (value - mean[c]) * (value - mean[c]) / count; });
    const double epsilon = run.Scalar(node, "epsilonDesc");
    for (const double of_channel : variance) inverse.push_back(1 / std::sqrt(of_channel + epsilon));
    if (node.Has("OutRunningMean")) {
      const double factor = run.Scalar(node, "expavgfactorDesc");
      Put(run, node, "OutRunningMean", Moved(ChannelsAt(run, node, "InRunningMean"), mean, factor, 1));
      Put(run, node, "OutRunningVar",
          Moved(ChannelsAt(run, node, "InRunningVar"), variance, factor, Correction(count)));
    }
    Put(run, node, "Mean", mean);
    Put(run, node, "InvVariance", inverse);
  } else {
    mean = ChannelsAt(run, node, "Mean");
    inverse = ChannelsAt(run, node, "InvVariance");
  }
  const Channels &scale = ChannelsAt(run, node, "Scale"), &bias = ChannelsAt(run, node, "Bias");
  SoftValue y = run.New(node, "Y");
  for (size_t at = 0; at < x.elements.size(); ++at) {
    const size_t c = at % mean.size();
    y.elements[at] = (x.elements[at] - mean[c]) * inverse[c] * scale[c] + bias[c];
  }
  run.Out(node, "Y", std::move(y));
}

void SoftNormBackward(SoftRun& run, const SoftNode& node) {
  CheckBatchNorm(node);
  const SoftValue &x = run.In(node, "X"), &dy = run.In(node, "DY");
  const Channels &mean = ChannelsAt(run, node, "Mean"), &inverse = ChannelsAt(run, node, "InvVariance");
  const Channels& scale = ChannelsAt(run, node, "Scale");
  const auto normal = [&](size_t at, size_t c) { return (x.elements[at] - mean[c]) * inverse[c]; };
  const Channels dbias = SumEach(dy, [](double value, size_t, size_t) { return value; });
  const Channels dscale = SumEach(dy, [&](double value, size_t c, size_t at) { return value * normal(at, c); });
  const double count = CountEach(x);
  SoftValue dx = run.New(node, "DX");
  for (size_t at = 0; at < x.elements.size(); ++at) {
    const size_t c = at % mean.size();
    dx.elements[at] = scale[c] * inverse[c] * (dy.elements[at] - dbias[c] / count - normal(at, c) * dscale[c] / count);
  }
  run.Out(node, "DX", std::move(dx));
  Put(run, node, "DScale", dscale);
  Put(run, node, "DBias", dbias);
}

void SoftNormFinalize(SoftRun& run, const SoftNode& node) {
  const Channels &sums = ChannelsAt(run, node, "ySum"), &squares = ChannelsAt(run, node, "ySqSum");
  const Channels &scale = ChannelsAt(run, node, "bnScale"), &bias = ChannelsAt(run, node, "bnBias");
  const double count = run.Scalar(node, "accumCntValTensor"), epsilon = run.Scalar(node, "epsilonValTensor");
  const double factor = run.Scalar(node, "expAverageFactorValTensor");
  const size_t channels = sums.size();
  Channels mean(channels), variance(channels), inverse(channels), equivalent_scale(channels), equivalent_bias(channels);
  for (size_t c = 0; c < channels; ++c) {
    mean[c] = sums[c] / count;
    variance[c] = squares[c] / count - mean[c] * mean[c];
    inverse[c] = 1 / std::sqrt(variance[c] + epsilon);
    equivalent_scale[c] = scale[c] * inverse[c];
    equivalent_bias[c] = bias[c] - mean[c] * equivalent_scale[c];
  }
  Put(run, node, "bnUpdatedRunningMean", Moved(ChannelsAt(run, node, "bnPrevRunningMean"), mean, factor, 1));
  Put(run, node, "bnUpdatedRunningVar",
      Moved(ChannelsAt(run, node, "bnPrevRunningVar"), variance, factor, Correction(count)));
  Put(run, node, "bnSavedMean", mean);
  Put(run, node, "bnSavedInvStd", inverse);
  Put(run, node, "bnEqScale", equivalent_scale);
  Put(run, node, "bnEqBias", equivalent_bias);
}

}  // namespace slimnet::testing
