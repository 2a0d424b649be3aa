#include "backends/cudnn/moved.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareCrop(const OpContext& context) {
  const Value& x = context.input(0);
  const auto& pads = std::get<CropAttrs>(context.node.attrs).pads;
  return PrepareMovement(context, Movement::Crop(x.type.shape, pads, BytesOf(StoredDType(x))));
}

}  // namespace

constexpr OpEntry kCrop{.reads_low_precision = true, .prepare = PrepareCrop};

}  // namespace slimnet::cudnn
