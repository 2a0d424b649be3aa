// Compiled into oneDNN in place of its lists of the kernels for primitives that slimnet never creates: each of these lists
// is empty, so creating such a primitive fails as it does on a device without a kernel for it.
#include "cpu/cpu_engine.hpp"

namespace dnnl {
namespace impl {
namespace cpu {

namespace {
const impl_list_item_t kNone[] = {nullptr};
}  // namespace

#define SLIMNET_ABSENT(kind) \
    const impl_list_item_t *get_##kind##_impl_list(const kind##_desc_t *) { \
        return kNone; \
    }

SLIMNET_ABSENT(batch_normalization)
SLIMNET_ABSENT(binary)
SLIMNET_ABSENT(deconvolution)
SLIMNET_ABSENT(eltwise)
SLIMNET_ABSENT(group_normalization)
SLIMNET_ABSENT(inner_product)
SLIMNET_ABSENT(layer_normalization)
SLIMNET_ABSENT(lrn)
SLIMNET_ABSENT(prelu)
SLIMNET_ABSENT(reduction)
SLIMNET_ABSENT(resampling)
SLIMNET_ABSENT(rnn)
SLIMNET_ABSENT(shuffle)
SLIMNET_ABSENT(softmax)

const impl_list_item_t *cpu_engine_impl_list_t::get_concat_implementation_list() {
    return kNone;
}
const impl_list_item_t *cpu_engine_impl_list_t::get_sum_implementation_list() {
    return kNone;
}

}  // namespace cpu
}  // namespace impl
}  // namespace dnnl
