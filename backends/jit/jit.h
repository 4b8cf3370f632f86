// backends/jit/jit.h: the four C functions of the library lanc_jit, the only thing that sees LLVM. Whoever loads it needs nothing but dlsym.
// All four may be called from several threads at once.
#pragma once

#include <cstddef>

extern "C" {

/// An object file in memory, or linked code; freed by lanc_jit_release.
struct lanc_jit_thing;

struct lanc_jit_symbol {
  const char* name;
  const void* address;
};

/// "llvm 19.1.7", for keys of caches and for people.
using lanc_jit_version_function = const char*();

/// Textual LLVM IR to an object file for this kind of processor. `cpu` and `features` are LLVM's: "x86-64-v3", "+f16c"; empty: the plainest
/// of this architecture. Returns null and a message in `error` (ended by 0, cut at `error_size`) when it cannot.
using lanc_jit_compile_function = lanc_jit_thing*(const char* ir, size_t ir_size, const char* cpu, const char* features, const void** object,
                                                  size_t* object_size, char* error, size_t error_size);

/// Puts an object file into executable memory and finds `entry`. Undefined names are looked up in `symbols` only: a name that is
/// not there is an error. The code stays until the handle is released.
using lanc_jit_link_function = lanc_jit_thing*(const void* object, size_t object_size, const char* entry, const lanc_jit_symbol* symbols,
                                               size_t symbol_count, void** address, char* error, size_t error_size);

using lanc_jit_release_function = void(lanc_jit_thing* thing);

extern lanc_jit_version_function lanc_jit_version;
extern lanc_jit_compile_function lanc_jit_compile;
extern lanc_jit_link_function lanc_jit_link;
extern lanc_jit_release_function lanc_jit_release;

}  // extern "C"
