#include "addon/own_memory.h"

#include <utility>

#include "addon/js.h"

namespace slimnet {
namespace {

void Count(napi_env env, int64_t bytes) {
  int64_t total = 0;
  if (bytes != 0) static_cast<void>(napi_adjust_external_memory(env, bytes, &total));
}

}  // namespace

napi_value OwnMemory::HandOut(napi_env env, HostBlock& block, Counted counted) {
  const size_t bytes = block.bytes();
  std::byte* const data = block.data();
  const int64_t uncounted = counted == Counted::kYes ? 0 : static_cast<int64_t>(bytes);
  auto entry = std::make_unique<Entry>(Entry{blocks_, data});
  const napi_finalize finalize = [](napi_env finalizing, void*, void* hint) {
    const std::unique_ptr<Entry> done(static_cast<Entry*>(hint));
    const auto held = done->blocks->find(done->buffer);
    Count(finalizing, held->second.uncounted);
    done->blocks->erase(held);
  };
  // Known before there is a buffer: once there is one, nothing may fail.
  const auto shared = std::make_shared<HostBlock>(std::move(block));
  blocks_->emplace(data, Held{shared, uncounted});
  napi_value buffer = nullptr;
  Count(env, -uncounted);  // before V8 counts them
  const napi_status status = napi_create_external_arraybuffer(env, data, bytes, finalize, entry.get(), &buffer);
  if (status == napi_ok) {
    entry.release();
    return buffer;
  }
  blocks_->erase(data);
  Count(env, uncounted);
  if (status != napi_no_external_buffers_allowed) js::Check(env, status);
  block = std::move(*shared);
  return nullptr;
}

std::shared_ptr<const HostBlock> OwnMemory::Find(const void* buffer) const {
  const auto found = blocks_->find(buffer);
  return found == blocks_->end() ? nullptr : found->second.block;
}

void OwnMemory::Recount(napi_env env, const void* buffer) {
  const auto found = blocks_->find(buffer);
  if (found == blocks_->end()) return;
  Count(env, found->second.uncounted);
  found->second.uncounted = 0;
}

}  // namespace slimnet
