// Where a microbatch loop ends and how many images it takes at a time: an estimate of what goes past the second-level
// caches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace slimnet {

// What one step moves, in bytes, for the whole batch.
struct StepBytes {
  int64_t touched = 0;   // activations that it reads or writes, each once
  int64_t alive = 0;     // activations that are needed while it runs, touched or not
  int64_t weights = 0;   // what it reads besides
  bool may_end = false;  // the microbatch loop may end behind it; false behind the last step that may be in it
};

struct Cores {
  int64_t cache_bytes = 0;  // second-level cache of each
  int64_t threads = 1;
};

struct Split {
  size_t steps = 0;    // how many are in the microbatch loop; 0: it is not worth it
  int64_t images = 0;  // at a time
};

// Bytes past the caches when a step works on `images` of a batch of `batch`. Each core takes its share of the images
// and reads all weights. Activations stay in the cache as far as those that are alive fit there beside the weights.
double BytesPastCaches(const StepBytes& step, int64_t images, int64_t batch, const Cores& cores);

// The microbatch loop of least traffic among those of whole images for each core, whose number divides the batch. A
// step of the loop pays for its weights in each repetition, and for being started. Nothing unless a tenth of all
// traffic is saved.
Split ChooseSplit(std::span<const StepBytes> steps, int64_t batch, const Cores& cores);

}  // namespace slimnet
