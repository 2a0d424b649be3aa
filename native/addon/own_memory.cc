#include "addon/own_memory.h"

#include <utility>

#include "addon/js.h"

namespace slimnet {

napi_value OwnMemory::HandOut(napi_env env, HostBlock& block) {
  const size_t bytes = block.bytes();
  std::byte* const data = block.data();
  auto entry = std::make_unique<Entry>(Entry{blocks_, data});
  const napi_finalize finalize = [](napi_env, void*, void* hint) {
    const std::unique_ptr<Entry> done(static_cast<Entry*>(hint));
    done->blocks->erase(done->buffer);
  };
  // Known before there is a buffer: once there is one, nothing may fail.
  const auto shared = std::make_shared<HostBlock>(std::move(block));
  blocks_->emplace(data, shared);
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, data, bytes, finalize, entry.get(), &buffer);
  if (status == napi_ok) {
    entry.release();
    return buffer;
  }
  blocks_->erase(data);
  if (status != napi_no_external_buffers_allowed) js::Check(env, status);
  block = std::move(*shared);
  return nullptr;
}

std::shared_ptr<const HostBlock> OwnMemory::Find(const void* buffer) const {
  const auto found = blocks_->find(buffer);
  return found == blocks_->end() ? nullptr : found->second;
}

}  // namespace slimnet
