// Threads of musl have a stack of 128 KiB, where glibc gives them 8 MiB, unless their maker asks for more. What the addon makes has room
// for oneDNN's code generators. Linked with --wrap=pthread_create.
#include <pthread.h>

#include <cstddef>

namespace {
constexpr std::size_t kStackBytes = std::size_t{8} << 20;
}

extern "C" {
int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument);

__attribute__((visibility("hidden"))) int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                                                void* (*start)(void*), void* argument) {
  if (attributes != nullptr) return __real_pthread_create(thread, attributes, start, argument);
  pthread_attr_t roomy;
  pthread_attr_init(&roomy);
  pthread_attr_setstacksize(&roomy, kStackBytes);
  const int status = __real_pthread_create(thread, &roomy, start, argument);
  pthread_attr_destroy(&roomy);
  return status;
}
}
