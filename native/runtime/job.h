// A task for an executor.
#pragma once

#include "runtime/resources.h"
#include "runtime/task.h"

namespace slimnet {

// What a job asks for.
enum class Parallelism {
  kParallel,  // all threads
  kSerial,    // one thread
  kEither,    // what serves best when its turn comes
};

// What a job does to the state of its owner, and so which others of the same owner may be at work beside it.
enum class Access {
  kReads,    // all but those that are alone
  kUpdates,  // those that read: they see the state from before
  kAlone,    // none
};

class Job : public Task {
 public:
  // `owner` groups jobs: for the limit of the queue, and for what may be at work at the same time. Jobs of one owner
  // begin in the order in which they were submitted, but that those which read pass those which update: they need not
  // wait for these.
  explicit Job(const void* owner, Parallelism parallelism = Parallelism::kParallel, Access access = Access::kReads)
      : owner_(owner), parallelism_(parallelism), access_(access) {}

  // On a thread of the executor. What it throws becomes the failure.
  virtual void Execute(const ExecutorResources& resources) = 0;

  // All below are called under the executor's lock: they must be quick, and must not call it.
  // Whether a job that asks for either kind of lane can be computed on one thread. Where not, it is computed on all,
  // and may make itself ready for the next time when it finds that it is `crowded`.
  virtual bool ReadyForOneThread() const { return true; }
  // Whether it may be let in between two steps of a long job on a lane of this kind.
  virtual bool MayBeGuestOn(LaneKind) const { return false; }
  // Its turn has come.
  virtual void Begin() {}

  const void* owner() const { return owner_; }
  Parallelism parallelism() const { return parallelism_; }
  Access access() const { return access_; }

 protected:
  // So many jobs waited that it would have been computed on one thread, had it been ready.
  bool crowded() const { return crowded_; }

 private:
  friend class Executor;
  const void* const owner_;
  const Parallelism parallelism_;
  const Access access_;
  bool crowded_ = false;
};

}  // namespace slimnet
