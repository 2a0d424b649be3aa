#include "backends/cudnn/moved.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareCrop(const OpContext& context) {
  return PrepareBorders(context, Movement::Crop, std::get<CropAttrs>(context.node.attrs).pads);
}

}  // namespace

constexpr OpEntry kCrop{.reads_low_precision = true, .prepare = PrepareCrop};

}  // namespace slimnet::cudnn
