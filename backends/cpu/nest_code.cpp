#include <lanc/backends/cpu/nest_code.h>

#include <algorithm>
#include <cstdio>
#include <list>
#include <system_error>
#include <thread>
#include <unordered_map>

#include <lanc/backends/cpu/object_cache.h>

namespace lanc::cpu {
namespace {

// Raised whenever the same IR text would have to become other code: the helpers that it calls have changed, say.
constexpr const char* code_version = "1";
constexpr size_t kept_codes = 1024;
constexpr size_t max_instructions = 2048;  // beyond that the code generator takes seconds

std::string key_of(const std::string& ir, CpuTier tier, const std::string& llvm) {
  return std::string(code_version) + "\n" + llvm + "\n" + llvm_processor(tier) + " " + llvm_features(tier) + "\n" + ir;
}

// Everything that lives in the process, and the newest codes, whose users may come again.
struct Codes {
  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<NestCode>> known;
  std::list<std::shared_ptr<NestCode>> newest;
};
Codes& codes() {
  static Codes* const all = new Codes;  // never destroyed: code may run on other threads until the end
  return *all;
}

}  // namespace

NestCode::Origin NestCode::make() {
  const std::lock_guard lock(mutex_);
  if (tried_) return Origin::none;
  tried_ = true;
  const JitLibrary* library = JitLibrary::get();
  if (library == nullptr) return Origin::none;
  const ObjectCache cache(ObjectCache::default_folder());
  const std::string key = key_of(ir_, tier_, library->version());
  std::string why;
  Origin origin = Origin::disk;
  if (const auto object = cache.read(key)) code_ = library->link(*object, nest_entry, why);
  if (code_.entry == nullptr) {
    origin = Origin::compiled;
    const std::string object = library->compile(ir_, llvm_processor(tier_), llvm_features(tier_), why);
    if (!object.empty()) code_ = library->link(object, nest_entry, why);
    if (code_.entry != nullptr) cache.write(key, object);
  }
  if (code_.entry == nullptr) {
    failed_.store(true, std::memory_order_release);
    static std::once_flag told;
    std::call_once(told, [&] { std::fprintf(stderr, "lanc: a fused kernel is interpreted, since it could not be compiled: %s\n", why.c_str()); });
    return Origin::none;
  }
  function_.store(reinterpret_cast<NestFunction>(code_.entry), std::memory_order_release);
  return origin;
}

std::shared_ptr<NestCode> nest_code(const NestShape& shape) {
  const JitLibrary* library = JitLibrary::get();
  if (library == nullptr) return nullptr;
  const CpuTier tier = cpu_tier();
  std::string ir = nest_ir(shape, tier);
  const std::string key = key_of(ir, tier, library->version());
  Codes& all = codes();
  const std::lock_guard lock(all.mutex);
  std::weak_ptr<NestCode>& place = all.known[key];
  if (auto code = place.lock()) return code;
  auto code = std::make_shared<NestCode>(std::move(ir), tier);
  place = code;
  all.newest.push_front(code);
  if (all.newest.size() > kept_codes) {
    all.newest.pop_back();
    std::erase_if(all.known, [](const auto& entry) { return entry.second.expired(); });
  }
  return code;
}

std::optional<NestShape> nest_shape(const Spec& spec) {
  if (spec.inputs.size() + spec.outputs.size() > max_nest_lanes || spec.program.code.size() > max_instructions) return std::nullopt;
  const size_t rank = spec.sizes.size(), inner = rank - 1;
  const auto row_stride = [&](const Lane& l) { return rank == 1 ? 0 : l.strides[inner - 1]; };
  NestShape shape;
  shape.program = spec.program;
  for (const Lane& l : spec.inputs) {
    const int64_t stride = l.strides[inner];
    using Access = NestShape::Access;
    shape.operands.push_back({l.dtype, stride == 0 ? Access::still : stride == 1 ? Access::dense : Access::strided, stride == 0 && row_stride(l) == 0});
  }
  for (size_t k = 0; k < spec.outputs.size(); ++k) {
    const Lane& l = spec.outputs[k];
    const bool map = spec.kinds[k] == FusedKind::map;
    const bool dense = l.strides[inner] == 1 || (map && spec.sizes[inner] == 1);
    if (!dense && (map || l.strides[inner] != 0)) return std::nullopt;
    if (!map && is_storage_only(l.dtype)) return std::nullopt;
    shape.results.push_back({l.dtype, spec.kinds[k], !map && l.strides[inner] == 0});
  }
  return shape;
}

void run_nest(NestFunction function, const Spec& spec, const std::byte* const* inputs, std::byte* const* outputs, int64_t begin, int64_t end) {
  const size_t rank = spec.sizes.size(), lanes = spec.inputs.size() + spec.outputs.size();
  const void* bases[max_nest_lanes];
  int64_t extent[2 + 2 * max_nest_lanes];
  const auto lane = [&](size_t i) -> const Lane& { return i < spec.inputs.size() ? spec.inputs[i] : spec.outputs[i - spec.inputs.size()]; };
  const auto origin = [&](size_t i) { return i < spec.inputs.size() ? inputs[i] : outputs[i - spec.inputs.size()]; };
  if (begin >= end) return;
  extent[0] = rank == 1 ? 1 : rank == 2 ? end - begin : spec.sizes[rank - 2];
  extent[1] = rank == 1 ? end - begin : spec.sizes[rank - 1];
  for (size_t i = 0; i < lanes; ++i) {
    extent[2 + i] = rank == 1 ? 0 : lane(i).strides[rank - 2] * size_of(lane(i).dtype);
    if (i < spec.inputs.size()) extent[2 + lanes + i] = lane(i).strides[rank - 1];
  }
  int64_t index[16] = {begin};
  const size_t outer = rank <= 2 ? 1 : rank - 2;  // axes that are walked here; of rank 1 and 2 only the start
  for (;;) {
    for (size_t i = 0; i < lanes; ++i) {
      int64_t at = 0;
      for (size_t a = 0; a < outer; ++a) at += index[a] * lane(i).strides[a];
      bases[i] = origin(i) + at * size_of(lane(i).dtype);
    }
    function(bases, extent);
    if (rank <= 2) return;
    size_t a = outer;
    while (a-- > 0) {
      if (++index[a] < (a == 0 ? end : spec.sizes[a])) break;
      if (a == 0) return;
      index[a] = 0;
    }
  }
}

void CompileQueue::add(std::shared_ptr<NestCode> code) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(code));
}

void CompileQueue::make_all(int threads) {
  std::vector<std::shared_ptr<NestCode>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(waiting_);
  }
  std::erase_if(work, [](const auto& code) { return code->function() != nullptr; });
  std::atomic<size_t> next = 0;
  const auto run = [&] {
    for (size_t i = next++; i < work.size(); i = next++)
      if (work[i]->make() == NestCode::Origin::compiled) compiled_ += 1;
  };
  std::vector<std::thread> team;
  try {
    for (int t = 1; t < threads && static_cast<size_t>(t) < work.size(); ++t) team.emplace_back(run);
  } catch (const std::system_error&) {
    // Fewer threads do it as well.
  }
  run();
  for (std::thread& t : team) t.join();
}

}  // namespace lanc::cpu
