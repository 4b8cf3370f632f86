#include <lanc/tests/runtime/allocations.h>

#include <dlfcn.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LANC_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LANC_COUNTS_ALLOCATIONS 0
#else
#define LANC_COUNTS_ALLOCATIONS 1
#endif
#else
#define LANC_COUNTS_ALLOCATIONS 1
#endif

namespace {

constexpr size_t most_recorded = 1 << 16;
std::atomic<bool> recording = false;
std::atomic<size_t> recorded = 0;
std::array<void*, most_recorded> callers;

[[maybe_unused]] void record(void* caller) {
  if (!recording.load(std::memory_order_relaxed)) return;
  const size_t at = recorded.fetch_add(1, std::memory_order_relaxed);
  if (at < most_recorded) callers[at] = caller;
}

}  // namespace

#if LANC_COUNTS_ALLOCATIONS
// glibc lets a program define these; its own are reached by the names with __libc_.
extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* old, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void* memory);

void* malloc(size_t bytes) {
  record(__builtin_return_address(0));
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  record(__builtin_return_address(0));
  return __libc_calloc(count, bytes);
}
void* realloc(void* old, size_t bytes) {
  record(__builtin_return_address(0));
  return __libc_realloc(old, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  record(__builtin_return_address(0));
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** result, size_t alignment, size_t bytes) {
  record(__builtin_return_address(0));
  *result = __libc_memalign(alignment, bytes);
  return *result == nullptr ? ENOMEM : 0;
}
}

void* operator new(size_t bytes) {
  record(__builtin_return_address(0));
  if (void* memory = __libc_malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  record(__builtin_return_address(0));
  if (void* memory = __libc_memalign(static_cast<size_t>(alignment), bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { __libc_free(memory); }
void operator delete(void* memory, size_t) noexcept { __libc_free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { __libc_free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { __libc_free(memory); }
#endif

namespace lanc::testing_support {

bool allocations_are_counted() { return LANC_COUNTS_ALLOCATIONS != 0; }

Recording::Recording() {
  recorded = 0;
  recording = true;
}
Recording::~Recording() { recording = false; }

std::map<std::string, int64_t> Recording::by_library() {
  recording = false;
  std::map<std::string, int64_t> counts;
  const size_t n = recorded.load();
  if (n > most_recorded) counts["more than were recorded"] = static_cast<int64_t>(n - most_recorded);
  for (size_t i = 0; i < n && i < most_recorded; ++i) {
    Dl_info info{};
    const char* file = dladdr(callers[i], &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "?";
    const char* slash = std::strrchr(file, '/');
    ++counts[slash == nullptr ? file : slash + 1];
  }
  return counts;
}

}  // namespace lanc::testing_support
