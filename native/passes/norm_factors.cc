#include "passes/norm_factors.h"

#include <bit>
#include <string>

#include "passes/edit.h"

namespace slimnet {

ValueId NormFactors::Scale(const Node& norm) {
  const ValueId variance = Add(AddAttrs{}, norm, "fold/variance", {norm.inputs[4], Epsilon(norm)});
  return Add(MulAttrs{}, norm, "fold/scale", {norm.inputs[1], Add(RsqrtAttrs{}, norm, "fold/rsqrt", {variance})});
}

ValueId NormFactors::Bias(const Node& norm, ValueId scale, ValueId before) {
  const ValueId offset = norm.inputs[2];
  const ValueId mean = norm.inputs[3];
  if (before == kNoValue) {
    return Add(SubAttrs{}, norm, "fold/bias", {offset, Add(MulAttrs{}, norm, "fold/shift", {mean, scale})});
  }
  const ValueId centred = Add(SubAttrs{}, norm, "fold/centre", {before, mean});
  return Add(AddAttrs{}, norm, "fold/bias", {Add(MulAttrs{}, norm, "fold/shift", {centred, scale}), offset});
}

ValueId NormFactors::Add(Attrs attrs, const Node& norm, const char* suffix, std::vector<ValueId> inputs) {
  return AppendNode(program_, std::move(attrs), norm.name + "/" + suffix, std::move(inputs));
}

ValueId NormFactors::Epsilon(const Node& norm) {
  const double epsilon = std::get<BatchNormAttrs>(norm.attrs).epsilon;
  const DType dtype = program_.values[norm.inputs[4]].type.dtype;
  const auto [known, fresh] = epsilons_.try_emplace({std::bit_cast<uint64_t>(epsilon), dtype}, kNoValue);
  if (fresh) known->second = AppendConstant(program_, {dtype, {}}, epsilon, norm.name + "/fold/epsilon");
  return known->second;
}

}  // namespace slimnet
