#include <lanc/backends/jit/jit.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include <llvm/ADT/SmallVector.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/ExecutionEngine/JITSymbol.h>
#include <llvm/ExecutionEngine/RuntimeDyld.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/PrettyStackTrace.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>

struct lanc_jit_thing {
  virtual ~lanc_jit_thing() = default;
};

namespace {

struct Object : lanc_jit_thing {
  llvm::SmallVector<char, 0> bytes;
};

// Undefined names are resolved here; what is not in the list is an error and never searched for in the process.
class Names : public llvm::LegacyJITSymbolResolver {
 public:
  Names(const lanc_jit_symbol* symbols, size_t count) : symbols_(symbols), count_(count) {}
  llvm::JITSymbol findSymbol(const std::string& name) override {
    for (size_t i = 0; i < count_; ++i)
      if (name == symbols_[i].name) return {reinterpret_cast<uintptr_t>(symbols_[i].address), llvm::JITSymbolFlags::Exported};
    return nullptr;
  }
  llvm::JITSymbol findSymbolInLogicalDylib(const std::string&) override { return nullptr; }

 private:
  const lanc_jit_symbol* symbols_;
  size_t count_;
};

size_t pages(size_t bytes) {
  static const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

// One range of pages per object: code, then constants, then data, within reach of each other. Never writable and executable at once. No
// unwind tables are registered: nothing throws through this code.
class Memory : public llvm::RuntimeDyld::MemoryManager {
 public:
  ~Memory() override {
    if (base_ != nullptr) munmap(base_, size_);
  }
  bool failed() const { return failed_; }

  bool needsToReserveAllocationSpace() override { return true; }
  void reserveAllocationSpace(uintptr_t code, llvm::Align, uintptr_t constants, llvm::Align, uintptr_t data, llvm::Align) override {
    // The linker's sums leave out what it gives to empty sections and the gaps before aligned ones: a page more for each kind.
    code_ = {0, pages(code + 1) + pages(1)};
    constants_ = {code_.end, code_.end + pages(constants + 1) + pages(1)};
    data_ = {constants_.end, constants_.end + pages(data + 1) + pages(1)};
    code_size_ = code_.end;
    constants_end_ = constants_.end;
    size_ = data_.end;
    void* got = size_ == 0 ? MAP_FAILED : mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    failed_ = got == MAP_FAILED;
    if (!failed_) base_ = static_cast<uint8_t*>(got);
  }
  uint8_t* allocateCodeSection(uintptr_t size, unsigned alignment, unsigned, llvm::StringRef) override { return take(code_, size, alignment); }
  uint8_t* allocateDataSection(uintptr_t size, unsigned alignment, unsigned, llvm::StringRef, bool constant) override {
    return take(constant ? constants_ : data_, size, alignment);
  }
  bool finalizeMemory(std::string* error) override {
    failed_ |= base_ == nullptr || mprotect(base_, code_size_, PROT_READ | PROT_EXEC) != 0 ||
               mprotect(base_ + code_size_, constants_end_ - code_size_, PROT_READ) != 0;
    if (failed_ && error != nullptr) *error = "the system gives no executable memory";
    return failed_;
  }
  void registerEHFrames(uint8_t*, uint64_t, size_t) override {}
  void deregisterEHFrames() override {}

 private:
  struct Range {
    size_t next = 0, end = 0;
  };
  uint8_t* take(Range& range, size_t size, size_t alignment) {
    const size_t at = (range.next + alignment - 1) / alignment * alignment;
    if (failed_ || at + size > range.end) {
      failed_ = true;
      return nullptr;  // the linker reports it
    }
    range.next = at + size;
    return base_ + at;
  }

  uint8_t* base_ = nullptr;
  size_t size_ = 0, code_size_ = 0, constants_end_ = 0;
  Range code_, constants_, data_;
  bool failed_ = false;
};

struct Code : lanc_jit_thing {
  Memory memory;
};

lanc_jit_thing* fail(std::string_view text, char* error, size_t error_size) {
  if (error_size != 0) {
    const size_t n = std::min(text.size(), error_size - 1);
    std::memcpy(error, text.data(), n);
    error[n] = 0;
  }
  return nullptr;
}

// LLVM ends the process on an error that it thinks nobody can mend (an instruction that its tables cannot select, say). Leaving the
// compiler by a jump leaks what it holds, which is better than taking the user's program down. The standard leaves a jump over destructors
// undefined; gcc and clang skip them, and LLVM's own CrashRecoveryContext leaves its compilers in this way. What must not be skipped is done here:
// the thread's list of what LLVM was at, whose entries lie in the frames that are gone, becomes what it was. No lock is held: LLVM calls
// the handler outside of its own, and we have none.
struct Escape {
  std::jmp_buf place;
  const void* activities = llvm::SavePrettyStackState();
  char text[512];
};
thread_local Escape* escape = nullptr;

lanc_jit_thing* escaped(char* error, size_t error_size) {
  const Escape& from = *escape;
  escape = nullptr;
  llvm::RestorePrettyStackState(from.activities);
  return fail(from.text, error, error_size);
}

void on_fatal_error(void*, const char* reason, bool) {
  if (escape == nullptr) {  // of somebody else in this process: LLVM goes on to end it
    std::fprintf(stderr, "LLVM ERROR: %s\n", reason);
    return;
  }
  std::snprintf(escape->text, sizeof escape->text, "%s", reason);
  std::longjmp(escape->place, 1);
}

void initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::install_fatal_error_handler(on_fatal_error);
  });
}

std::string diagnostic_text(const llvm::SMDiagnostic& d) {
  std::string text;
  llvm::raw_string_ostream out(text);
  d.print("", out, /*ShowColors=*/false);
  return out.str();
}

std::unique_ptr<llvm::TargetMachine> target_machine(const std::string& triple, const char* cpu, const char* features, std::string& why) {
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, why);
  if (target == nullptr) return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // an fma only where the IR says so
  options.NoTrappingFPMath = true;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(triple, cpu, features, options, llvm::Reloc::PIC_, llvm::CodeModel::Small,
                                                                          llvm::CodeGenOptLevel::Default, /*JIT=*/true));
}

std::string compiled(const char* ir, size_t ir_size, const char* cpu, const char* features, Object& object) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  // The parser needs a 0 after the text, which a C string has.
  const std::unique_ptr<llvm::Module> module = llvm::parseIR(llvm::MemoryBufferRef(llvm::StringRef(ir, ir_size), "kernel"), diagnostic, context);
  if (!module) return diagnostic_text(diagnostic);
  std::string why;
  const std::string triple = llvm::sys::getProcessTriple();
  const std::unique_ptr<llvm::TargetMachine> machine = target_machine(triple, cpu, features, why);
  if (!machine) return "no code generator for " + triple + ": " + why;
  module->setTargetTriple(triple);
  module->setDataLayout(machine->createDataLayout());
  llvm::raw_string_ostream out(why);
  if (llvm::verifyModule(*module, &out)) return out.str();
  llvm::raw_svector_ostream stream(object.bytes);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile, /*DisableVerify=*/true))
    return "no object files for " + triple;
  passes.run(*module);
  return object.bytes.empty() ? "the object file is empty" : "";
}

[[gnu::noinline]] lanc_jit_thing* compile_or_jump(const char* ir, size_t ir_size, const char* cpu, const char* features, const void** object,
                                                  size_t* object_size, char* error, size_t error_size) {
  auto result = std::make_unique<Object>();
  const std::string why = compiled(ir, ir_size, cpu, features, *result);
  if (!why.empty()) return fail(why, error, error_size);
  *object = result->bytes.data();
  *object_size = result->bytes.size();
  return result.release();
}

[[gnu::noinline]] lanc_jit_thing* link_or_jump(const void* object, size_t object_size, const char* entry, const lanc_jit_symbol* symbols,
                                               size_t symbol_count, void** address, char* error, size_t error_size) {
  const llvm::MemoryBufferRef bytes(llvm::StringRef(static_cast<const char*>(object), object_size), "kernel");
  auto file = llvm::object::ObjectFile::createObjectFile(bytes);
  if (!file) return fail(llvm::toString(file.takeError()), error, error_size);
  auto code = std::make_unique<Code>();
  Names names(symbols, symbol_count);
  llvm::RuntimeDyld linker(code->memory, names);
  linker.loadObject(**file);
  if (code->memory.failed()) return fail("the system gives no memory for code", error, error_size);
  const auto found = linker.getSymbol(entry);
  if (!linker.hasError()) linker.finalizeWithMemoryManagerLocking();
  if (linker.hasError()) return fail(linker.getErrorString().str(), error, error_size);
  if (found.getAddress() == 0) return fail(std::string("the object file has no ") + entry, error, error_size);
  *address = reinterpret_cast<void*>(static_cast<uintptr_t>(found.getAddress()));
  return code.release();
}

}  // namespace

const char* lanc_jit_version() { return "llvm " LLVM_VERSION_STRING; }

lanc_jit_thing* lanc_jit_compile(const char* ir, size_t ir_size, const char* cpu, const char* features, const void** object, size_t* object_size,
                                 char* error, size_t error_size) {
  initialize();
  Escape here;
  if (setjmp(here.place) != 0) return escaped(error, error_size);  // no local with a destructor lives in this function
  escape = &here;
  lanc_jit_thing* result = compile_or_jump(ir, ir_size, cpu, features, object, object_size, error, error_size);
  escape = nullptr;
  return result;
}

lanc_jit_thing* lanc_jit_link(const void* object, size_t object_size, const char* entry, const lanc_jit_symbol* symbols, size_t symbol_count,
                              void** address, char* error, size_t error_size) {
  initialize();
  Escape here;
  if (setjmp(here.place) != 0) return escaped(error, error_size);
  escape = &here;
  lanc_jit_thing* result = link_or_jump(object, object_size, entry, symbols, symbol_count, address, error, error_size);
  escape = nullptr;
  return result;
}

void lanc_jit_release(lanc_jit_thing* thing) { delete thing; }
