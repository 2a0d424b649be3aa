#include "native/amx_in_software.h"

#if defined(__x86_64__)

#include "native/software_tiles.h"

// The same loops once more, under names of their own.
#define AmxConv AmxConvOnSoftwareTiles
#define AmxConvTakes AmxConvTakesOnSoftwareTiles
#define AmxConvScratch AmxConvScratchOnSoftwareTiles
namespace slimnet::cpu {
void AmxConv(const AmxConvShape& shape, const AmxConvKind& kind, const void* x, const void* packed,
             const AmxConvTail& tail, void* y, void* scratch, int part, int parts);
bool AmxConvTakes(const AmxConvShape& shape, const AmxConvKind& kind);
size_t AmxConvScratch(const AmxConvShape& shape, const AmxConvKind& kind, int threads);
}  // namespace slimnet::cpu
#include "backends/cpu/amx/conv.cc"

namespace slimnet::testing {

void AmxConvInSoftware(const cpu::AmxConvShape& shape, const cpu::AmxConvKind& kind, const void* x, const void* packed,
                       const cpu::AmxConvTail& tail, void* y, void* scratch, int part, int parts) {
  cpu::AmxConvOnSoftwareTiles(shape, kind, x, packed, tail, y, scratch, part, parts);
}

}  // namespace slimnet::testing

#else

namespace slimnet::testing {

void AmxConvInSoftware(const cpu::AmxConvShape&, const cpu::AmxConvKind&, const void*, const void*,
                       const cpu::AmxConvTail&, void*, void*, int, int) {}

}  // namespace slimnet::testing

#endif
