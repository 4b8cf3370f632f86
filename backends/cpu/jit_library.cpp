#include <lanc/backends/cpu/jit_library.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include <dlfcn.h>
#include <unistd.h>

#include <lanc/backends/cpu/program_ir.h>
#include <lanc/backends/jit/jit.h>

namespace lanc::cpu {

struct JitLibrary::Functions {
  lanc_jit_version_function* version;
  lanc_jit_compile_function* compile;
  lanc_jit_link_function* link;
  lanc_jit_release_function* release;
};

namespace {

constexpr const char* file_name = "liblanc_jit.so";
constexpr size_t error_bytes = 2048;

// Places, in order. The last one leaves the search to the system.
std::vector<std::string> places() {
  if (const char* path = std::getenv("LANC_JIT_LIBRARY")) return {path};
  std::vector<std::string> list;
  Dl_info here{};
  if (dladdr(reinterpret_cast<void*>(&places), &here) != 0 && here.dli_fname != nullptr) {
    const std::string file = here.dli_fname;
    const size_t slash = file.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : file.substr(0, slash);
    list = {folder + "/" + file_name, folder + "/../lib/" + file_name};
  }
  list.emplace_back(file_name);
  return list;
}

std::unique_ptr<JitLibrary> search() {
  std::string all;
  for (const std::string& place : places()) {
    if (place.find('/') != std::string::npos && access(place.c_str(), F_OK) != 0) {
      all += (all.empty() ? "" : "; ") + place + ": there is no such file";
      continue;
    }
    std::string why;
    if (auto library = JitLibrary::open(place, why)) return library;
    all += (all.empty() ? "" : "; ") + why;
  }
  std::fprintf(stderr, "lanc: fused kernels are interpreted, since LLVM could not be loaded (%s)\n", all.c_str());
  return nullptr;
}

bool switched_off() {
  const char* jit = std::getenv("LANC_JIT");
  return jit != nullptr && std::string_view(jit) == "off";
}

}  // namespace

const JitLibrary* JitLibrary::get() {
  if (switched_off()) return nullptr;
  // Never unloaded: threads may still be running its code when statics are destroyed.
  static const JitLibrary* const library = search().release();
  return library;
}

JitLibrary::~JitLibrary() {
  if (handle_ != nullptr) dlclose(handle_);
}

std::unique_ptr<JitLibrary> JitLibrary::open(const std::string& path, std::string& why) {
  std::unique_ptr<JitLibrary> library(new JitLibrary);
  library->handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library->handle_ == nullptr) {
    const char* text = dlerror();
    why = text != nullptr ? text : path;
    return nullptr;
  }
  const auto find = [&](const char* name) { return dlsym(library->handle_, name); };
  library->functions_ = std::make_unique<Functions>(Functions{
      .version = reinterpret_cast<lanc_jit_version_function*>(find("lanc_jit_version")),
      .compile = reinterpret_cast<lanc_jit_compile_function*>(find("lanc_jit_compile")),
      .link = reinterpret_cast<lanc_jit_link_function*>(find("lanc_jit_link")),
      .release = reinterpret_cast<lanc_jit_release_function*>(find("lanc_jit_release")),
  });
  const Functions& f = *library->functions_;
  if (f.version == nullptr || f.compile == nullptr || f.link == nullptr || f.release == nullptr) {
    why = path + ": the functions of lanc_jit are missing";
    return nullptr;
  }
  library->version_ = f.version();
  return library;
}

std::string JitLibrary::compile(const std::string& ir, const char* cpu, const char* features, std::string& why) const {
  char error[error_bytes] = {};
  const void* object = nullptr;
  size_t size = 0;
  lanc_jit_thing* thing = functions_->compile(ir.c_str(), ir.size(), cpu, features, &object, &size, error, sizeof error);
  if (thing == nullptr) {
    why = error;
    return {};
  }
  std::string bytes(static_cast<const char*>(object), size);
  functions_->release(thing);
  return bytes;
}

LinkedCode JitLibrary::link(const std::string& object, const char* entry, std::string& why) const {
  std::vector<lanc_jit_symbol> symbols;
  for (const NamedAddress& s : ir_symbols()) symbols.push_back({s.name, s.address});
  char error[error_bytes] = {};
  LinkedCode code;
  lanc_jit_thing* thing = functions_->link(object.data(), object.size(), entry, symbols.data(), symbols.size(), &code.entry, error, sizeof error);
  if (thing == nullptr) {
    why = error;
    return {};
  }
  code.keeper = std::shared_ptr<void>(thing, [release = functions_->release](void* t) { release(static_cast<lanc_jit_thing*>(t)); });
  return code;
}

}  // namespace lanc::cpu
