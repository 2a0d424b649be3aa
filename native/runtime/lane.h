// One thread of an executor that takes jobs, and what it lends to them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <thread>

#include "backend/backend.h"
#include "runtime/arena.h"
#include "runtime/job.h"
#include "runtime/resources.h"
#include "runtime/thread_pool.h"

namespace slimnet {

// Belongs to one executor, whose mutex guards `job`, `guest`, `ending` and `changed`.
struct Lane {
  // Throws Error{kBackend} when the system gives no threads.
  Lane(const Backend& backend, int threads, LaneKind lane_kind)
      : kind(lane_kind),
        pool(threads),
        stream(backend.NewStream(&pool)),
        arena(backend),
        guest_stream(backend.NewStream(&pool)),
        guest_arena(backend) {}

  const LaneKind kind;
  ThreadPool pool;
  std::unique_ptr<Stream> stream;
  Arena arena;
  std::unique_ptr<Stream> guest_stream;  // for jobs that are let in between two steps of another
  Arena guest_arena;
  std::unique_ptr<Job> job;    // what it is to compute, or computes
  std::unique_ptr<Job> guest;  // what it computes meanwhile
  bool ending = false;
  std::condition_variable changed;
  std::atomic<uint64_t> calls{0};  // counts what ends a wait: a job, or the end
  std::thread thread;
};

}  // namespace slimnet
