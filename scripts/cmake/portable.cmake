# The addon as it is published, for other systems than this one (scripts/release.mjs).
option(SLIMNET_MUSL "The addon is for musl" OFF)
if(SLIMNET_MUSL)
  target_sources(slimnet PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/portable_musl.cc")
  target_link_options(slimnet PRIVATE -Wl,--wrap=pthread_create)
endif()

set(SLIMNET_PORTABLE_LINKER "" CACHE FILEPATH "A linker for the C library of the published addon (scripts/release.mjs)")

# The objects of this build, linked by a program (scripts/lib/zig.mjs) that knows what older versions of the C library have, with the C++
# library inside. Not part of `all`.
if(SLIMNET_PORTABLE_LINKER)
  foreach(library stdc++ gcc)
    execute_process(
      COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=lib${library}.a
      OUTPUT_VARIABLE file OUTPUT_STRIP_TRAILING_WHITESPACE)
    list(APPEND compiler_libraries "${file}")
  endforeach()
  set(portable_addon "${output_dir}/portable/slimnet.node")
  set(portable_compat "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/portable_glibc.cc")
  add_custom_command(
    OUTPUT "${portable_addon}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${output_dir}/portable"
    # The unwinder is the linker's own (LLVM's): GCC's is made for the C library of this machine.
    COMMAND "${SLIMNET_PORTABLE_LINKER}" -shared -O2 -fPIC -o "${portable_addon}" "${portable_compat}"
            $<TARGET_OBJECTS:slimnet_addon> $<TARGET_OBJECTS:slimnet_backends> $<TARGET_FILE:slimnet_core> "${onednn_file}"
            ${compiler_libraries} -lunwind -lpthread -ldl -lm
            "-Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/exports.map" -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,nodelete -Wl,-s
    DEPENDS slimnet_addon slimnet_backends slimnet_core $<TARGET_OBJECTS:slimnet_addon> $<TARGET_OBJECTS:slimnet_backends>
            "${portable_compat}" "${CMAKE_CURRENT_SOURCE_DIR}/scripts/cmake/exports.map"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(slimnet_portable DEPENDS "${portable_addon}")
endif()
