/* What a library that computes on a device offers to slimnet: plain C, so that the two may come from different
 * compilers. No exception and no C++ type crosses. slimnet opens the library with dlopen, asks for the one symbol
 * below, and uses it only where both have the same version of this interface and come from the same version of slimnet.
 *
 * The objects behind the handles are those of backend/backend.h. A node crosses as text (ir/node_text.h), layouts in it
 * by their names. Texts that are handed out live as long as the object that they belong to. All functions may be called
 * from any thread; a stream and an invocation are used by one at a time. */
#ifndef SLIMNET_BACKEND_DEVICE_LIBRARY_H_
#define SLIMNET_BACKEND_DEVICE_LIBRARY_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes with every change of what stands below. */
#define SLIMNET_DEVICE_LIBRARY_VERSION 2
/* The symbol: a slimnet_device_library_entry. */
#define SLIMNET_DEVICE_LIBRARY_SYMBOL "slimnet_open_device_library"

/* Filled by a function that fails: it returns 0 or null then. Texts are cut where they do not fit. */
typedef struct slimnet_error {
  char code[24]; /* of lib/errors.ts, "ERR_BACKEND"; empty: a plain no, whose reason is the message */
  char op[64];
  char node[512];
  char message[8192];
} slimnet_error;

typedef struct slimnet_backend slimnet_backend;
typedef struct slimnet_kernel slimnet_kernel;
typedef struct slimnet_invocation slimnet_invocation;
typedef struct slimnet_memory slimnet_memory;
typedef struct slimnet_stream slimnet_stream;
typedef struct slimnet_recorded slimnet_recorded;

/* Addresses of the device. */
typedef struct slimnet_bindings {
  const uint64_t* inputs;
  const uint64_t* operands;
  const uint64_t* outputs;
  uint64_t input_count, operand_count, output_count;
  uint64_t scratch;
  uint64_t draw_step, draw_microbatch;
} slimnet_bindings;

/* Of backend/gpu_options.h. */
typedef struct slimnet_device_options {
  int32_t allow_tf32;       /* 1, 0; -1: as the device does unless told */
  int32_t deterministic;    /* 1, 0; -1: wherever there is an implementation */
  double autotune_seconds;  /* negative: implementations are not run to choose among them */
  uint64_t workspace_bytes; /* 0: as the device does unless told */
  uint64_t memory_bytes;    /* 0: no limit */
  int32_t graphs;           /* 1, 0 */
} slimnet_device_options;

typedef struct slimnet_device_info {
  const char* hardware;
  const char* features; /* one a line */
  uint64_t memory_bytes;
  int32_t index;
  int32_t records;         /* 1: its streams record work */
  int32_t gathers_updates; /* 1: updates by one rule that follow one another are as quick as one */
} slimnet_device_info;

typedef struct slimnet_device_library {
  uint32_t version;            /* SLIMNET_DEVICE_LIBRARY_VERSION; stands first in every version of this interface */
  const char* slimnet_version; /* stands second in every version of it */

  /* How many devices there are; -1 where none can be used, for the reason in `error`. */
  int32_t (*device_count)(slimnet_error* error);

  slimnet_backend* (*open)(int32_t index, const slimnet_device_options* options, slimnet_error* error);
  void (*close)(slimnet_backend* backend);
  slimnet_device_info (*describe)(const slimnet_backend* backend);
  int32_t (*has)(const slimnet_backend* backend, const char* op);
  /* 1: yes; 0: no, for the reason in `error`. */
  int32_t (*offers)(const slimnet_backend* backend, const char* precision, slimnet_error* error);
  int32_t (*supports)(const slimnet_backend* backend, const char* node, slimnet_error* error);
  /* May the node absorb the last of its post-ops behind those before? */
  int32_t (*fuses)(const slimnet_backend* backend, const char* node, slimnet_error* error);
  /* 1: the layout's name, at most `size` bytes with its end, and its bytes; 0: plain, or an error. */
  int32_t (*prefers)(const slimnet_backend* backend, const char* node, uint64_t input, char* name, uint64_t size,
                     uint64_t* bytes, slimnet_error* error);

  slimnet_kernel* (*prepare)(const slimnet_backend* backend, const char* node, slimnet_error* error);
  void (*free_kernel)(slimnet_kernel* kernel);
  uint64_t (*scratch_bytes)(const slimnet_kernel* kernel);
  const char* (*implementation)(const slimnet_kernel* kernel);

  /* The kernel outlives it. */
  slimnet_invocation* (*new_invocation)(const slimnet_kernel* kernel, slimnet_error* error);
  void (*free_invocation)(slimnet_invocation* invocation);
  int32_t (*enqueue)(slimnet_invocation* invocation, slimnet_stream* stream, const slimnet_bindings* bindings,
                     slimnet_error* error);

  /* `host` is null where the host cannot see the memory. */
  slimnet_memory* (*allocate)(const slimnet_backend* backend, uint64_t bytes, uint64_t* address, void** host,
                              slimnet_error* error);
  /* Memory of the host that the device reaches by itself. */
  slimnet_memory* (*allocate_pinned)(const slimnet_backend* backend, uint64_t bytes, uint64_t* address, void** host,
                                     slimnet_error* error);
  void (*free_memory)(slimnet_memory* memory);
  /* What may still be allocated. 0: not known, or an error. */
  int32_t (*free_bytes)(const slimnet_backend* backend, uint64_t* bytes, slimnet_error* error);

  slimnet_stream* (*new_stream)(const slimnet_backend* backend, slimnet_error* error);
  void (*free_stream)(slimnet_stream* stream);
  int32_t (*upload)(slimnet_stream* stream, uint64_t to, const void* from, uint64_t bytes, slimnet_error* error);
  int32_t (*download)(slimnet_stream* stream, void* to, uint64_t from, uint64_t bytes, slimnet_error* error);
  int32_t (*copy)(slimnet_stream* stream, uint64_t to, uint64_t from, uint64_t bytes, slimnet_error* error);
  int32_t (*fill)(slimnet_stream* stream, uint64_t to, uint8_t value, uint64_t bytes, slimnet_error* error);
  int32_t (*wait)(slimnet_stream* stream, slimnet_error* error);
  int32_t (*begin_recording)(slimnet_stream* stream, slimnet_error* error);
  slimnet_recorded* (*end_recording)(slimnet_stream* stream, slimnet_error* error);
  int32_t (*replay)(slimnet_stream* stream, const slimnet_recorded* work, slimnet_error* error);
  void (*free_recorded)(slimnet_recorded* work);
} slimnet_device_library;

/* What the symbol is: takes the version of whoever asks, and returns the library's table whatever that is. */
typedef const slimnet_device_library* (*slimnet_device_library_entry)(uint32_t version);

#ifdef __cplusplus
}
#endif

#endif
