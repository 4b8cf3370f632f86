// backends/cpu/onednn.h: what all that calls oneDNN shares: the engine, a stream for each thread, one thread for each primitive, descriptions
// of memory. Included where LANC_HAS_ONEDNN is defined.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

#include <dlfcn.h>
#include <dnnl.h>

namespace lanc::cpu::onednn {

// oneDNN's OpenMP build asks the runtime for the number of threads when a primitive is created, and its gemm-based products again whenever they
// run: 1 there (a setting of the calling thread only), the caller's afterwards.
class OneThread {
 public:
  OneThread() {
    if (!runtime().found()) return;
    before_ = runtime().get();
    if (before_ != 1) runtime().set(1);
  }
  ~OneThread() {
    if (before_ != 1) runtime().set(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  struct Runtime {
    void (*set)(int) = symbol<void (*)(int)>("omp_set_num_threads");
    int (*get)() = symbol<int (*)()>("omp_get_max_threads");
    bool found() const { return set != nullptr && get != nullptr; }
    template <class F>
    static F symbol(const char* name) {
      return reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
    }
  };
  static const Runtime& runtime() {
    static const Runtime once;
    return once;
  }
  int before_ = 1;
};

inline dnnl_engine_t engine() {
  static const dnnl_engine_t e = [] {
    dnnl_engine_t made = nullptr;
    dnnl_engine_create(&made, dnnl_cpu, 0);
    return made;
  }();
  return e;
}

// One stream per thread that runs leaves; streams of the CPU engine hold no work.
inline dnnl_stream_t stream() {
  struct Stream {
    dnnl_stream_t s = nullptr;
    Stream() { dnnl_stream_create(&s, engine(), dnnl_stream_default_flags); }
    ~Stream() { dnnl_stream_destroy(s); }
  };
  static thread_local Stream mine;
  return mine.s;
}

// For comparing builds: what runs on Eigen has the bits of a build without oneDNN.
inline bool switched_off() {
  const char* setting = std::getenv("LANC_ONEDNN");
  return setting != nullptr && std::string_view(setting) == "off";
}

template <auto destroy>
struct Destroyer {
  template <class T>
  void operator()(T* p) const {
    destroy(p);
  }
};
template <class Handle, auto destroy>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Destroyer<destroy>>;

using Desc = Owned<dnnl_memory_desc_t, dnnl_memory_desc_destroy>;
using Memory = Owned<dnnl_memory_t, dnnl_memory_destroy>;
using Primitive = Owned<dnnl_primitive_t, dnnl_primitive_destroy>;
using PrimitiveDesc = Owned<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;
using Attributes = Owned<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy>;

/// Memory with these sizes and strides; null when the library refuses.
inline Desc strided(dnnl_data_type_t type, std::span<const int64_t> sizes, std::span<const int64_t> strides) {
  dnnl_dims_t d = {}, s = {};
  for (size_t i = 0; i < sizes.size(); ++i) d[i] = sizes[i], s[i] = strides[i];
  dnnl_memory_desc_t made = nullptr;
  dnnl_memory_desc_create_with_strides(&made, static_cast<int>(sizes.size()), d, type, s);
  return Desc(made);
}

/// Without an address, which is set before each run.
inline Memory memory(const_dnnl_memory_desc_t description) {
  dnnl_memory_t made = nullptr;
  dnnl_memory_create(&made, description, engine(), DNNL_MEMORY_NONE);
  return Memory(made);
}

/// Scratch memory is the caller's.
inline Attributes with_callers_scratch() {
  dnnl_primitive_attr_t made = nullptr;
  dnnl_primitive_attr_create(&made);
  dnnl_primitive_attr_set_scratchpad_mode(made, dnnl_scratchpad_mode_user);
  return Attributes(made);
}

inline Primitive primitive(const_dnnl_primitive_desc_t description) {
  dnnl_primitive_t made = nullptr;
  if (description != nullptr) dnnl_primitive_create(&made, description);
  return Primitive(made);
}

}  // namespace lanc::cpu::onednn
