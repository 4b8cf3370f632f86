#include <lanc/backends/cpu/thread_pool.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#if defined(__linux__)
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <lanc/backends/cpu/float_environment.h>
#include <lanc/graph/error.h>

namespace lanc::cpu {

namespace {

constexpr int most_threads = 1024;
constexpr int64_t shortest_spin = 20'000, longest_spin = 50'000;  // nanoseconds
constexpr int64_t start_grace = 2'000;  // how long the caller lets a worker be late before it takes the share: several hand-offs

int64_t now() { return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1); }

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

// Spins until done() or the deadline; says whether done(). The clock is read once in a while only.
template <class Done>
bool spin_until(int64_t deadline, Done done) {
  for (;;) {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
      pause();
    }
    if (now() >= deadline) return done();
  }
}

// Sleeps while word == value, or for no reason.
void sleep_on(std::atomic<uint32_t>& word, uint32_t value) {
#if defined(__linux__)
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
#else
  word.wait(value);
#endif
}

void wake_sleeper(std::atomic<uint32_t>& word) {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
#else
  word.notify_one();
#endif
}

// What a worker's `progress` says of its ticket; `awaited` asks it to wake the caller.
constexpr uint32_t finished(uint32_t ticket) { return ticket * 4; }
constexpr uint32_t started(uint32_t ticket) { return ticket * 4 + 1; }
constexpr uint32_t awaited(uint32_t ticket) { return ticket * 4 + 3; }

// What `posted` holds: the number of the last share handed over, and whether the worker sleeps.
constexpr uint32_t asleep = 1;
constexpr uint32_t posted_ticket(uint32_t ticket) { return ticket * 2; }
constexpr uint32_t ticket_mask = 0x3fff'ffff;  // tickets wrap at 30 bits in both words

void run_list(std::span<const Leaf> list) {
  for (const Leaf& leaf : list) leaf.run(leaf.args);
}

void run_all_lists(const Section& section) {
  for (const auto& list : section.lists) run_list(list);
}

struct SectionShare {
  const Section* section;
  size_t stride;
};

// The lists worker, worker + stride, ...: more than one where the section has more lists than the pool has threads.
void run_share(void* context, int worker) {
  const auto& share = *static_cast<const SectionShare*>(context);
  const auto& lists = share.section->lists;
  for (size_t i = static_cast<size_t>(worker); i < lists.size(); i += share.stride) run_list(lists[i]);
}

// One past the last list with a leaf; 0 or 1 when at most one list has any.
int busy_lists(const Section& section) {
  int busy = 0, end = 0;
  for (size_t i = 0; i < section.lists.size(); ++i) {
    if (section.lists[i].empty()) continue;
    ++busy;
    end = static_cast<int>(i) + 1;
  }
  return busy > 1 ? end : busy;
}

// Marks the pool as taken for a scope; `taken()` is false when somebody else had it.
class Taken {
 public:
  explicit Taken(std::atomic<bool>& running)
      : running_(running), taken_(!running.load(std::memory_order_relaxed) && !running.exchange(true, std::memory_order_acquire)) {}
  ~Taken() {
    if (taken_) running_.store(false, std::memory_order_release);
  }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
  bool taken() const { return taken_; }

 private:
  std::atomic<bool>& running_;
  bool taken_;
};

}  // namespace

// A share goes over as a ticket: the caller writes the job and then `posted`; whoever moves `progress` from finished(t - 1) gets share t: the
// worker by started(t), after which it reads the job, or the caller by finished(t). So a job is never overwritten while it is read.
// The two words lie on cache lines of their own: each is written by one side and watched by the other.
struct ThreadPool::Worker {
  alignas(64) std::atomic<uint32_t> posted = 0;
  int index = 0;
  Work work = nullptr;
  void* context = nullptr;
  bool needed = false;  // of the caller: was a share posted in this fork?
  uint32_t ticket = 0;  // of the caller
  alignas(64) std::atomic<uint32_t> progress = 0;
  alignas(64) int64_t spin = longest_spin;  // of the worker
  std::thread thread;
};

ThreadPool::ThreadPool(int threads) : threads_(threads == 0 ? available_cores() : threads) {
  if (threads_ < 1 || threads_ > most_threads) {
    throw UserError("threads: the number of threads must be in [1, " + std::to_string(most_threads) + "], or 0 for all cores, got " +
                    std::to_string(threads));
  }
  if (threads_ == 1) return;
  spins_ = threads_ <= available_cores();
  workers_ = std::make_unique<Worker[]>(static_cast<size_t>(threads_ - 1));
  const std::span<Worker> workers(workers_.get(), static_cast<size_t>(threads_ - 1));
  try {
    for (Worker& worker : workers) worker.thread = std::thread([this, &worker] { work_loop(worker); });
  } catch (const std::system_error& error) {
    stop_workers();
    throw BackendError("threads: " + std::to_string(threads_ - 1) + " more threads are needed, got " + error.what());
  }
}

ThreadPool::~ThreadPool() { stop_workers(); }

void ThreadPool::stop_workers() {
  for (int i = 0; i < threads_ - 1; ++i) {
    Worker& worker = workers_[static_cast<size_t>(i)];
    if (!worker.thread.joinable()) continue;
    post(worker, nullptr, nullptr, 0);
    worker.thread.join();
  }
}

void ThreadPool::post(Worker& worker, Work work, void* context, int index) {
  worker.work = work;
  worker.context = context;
  worker.index = index;
  worker.ticket = (worker.ticket + 1) & ticket_mask;
  if ((worker.posted.exchange(posted_ticket(worker.ticket), std::memory_order_acq_rel) & asleep) != 0) wake_sleeper(worker.posted);
}

// Wakes a sleeping worker without work: it will be needed soon.
void ThreadPool::wake(Worker& worker) {
  if ((worker.posted.load(std::memory_order_relaxed) & asleep) == 0) return;
  if ((worker.posted.exchange(posted_ticket(worker.ticket), std::memory_order_acq_rel) & asleep) != 0) wake_sleeper(worker.posted);
}

// Returns when the worker's share is done, by the worker or, if it is late to start, here.
void ThreadPool::finish(Worker& worker, int64_t grace_end) {
  const uint32_t done = finished(worker.ticket);
  const uint32_t not_started = finished((worker.ticket - 1) & ticket_mask);
  std::atomic<uint32_t>& progress = worker.progress;
  uint32_t state = not_started;
  spin_until(grace_end, [&] { return (state = progress.load(std::memory_order_acquire)) != not_started; });
  if (state == not_started && progress.compare_exchange_strong(state, done, std::memory_order_acq_rel)) {
    worker.work(worker.context, worker.index);
    return;
  }
  const auto is_done = [&] { return (state = progress.load(std::memory_order_acquire)) == done; };
  if (is_done() || (spins_ && spin_until(now() + longest_spin, is_done))) return;
  if (state == started(worker.ticket)) progress.compare_exchange_strong(state, awaited(worker.ticket), std::memory_order_acq_rel);
  while (!is_done()) sleep_on(progress, awaited(worker.ticket));
}

// The shares [0, count), count <= threads(): 0 is the caller's.
void ThreadPool::fork_join(Work work, void* context, int count) {
  for (int i = 1; i < count; ++i) post(workers_[static_cast<size_t>(i - 1)], work, context, i);
  work(context, 0);
  std::optional<int64_t> grace_end;  // the clock is read only when somebody is not done yet
  for (int i = 1; i < count; ++i) {
    Worker& worker = workers_[static_cast<size_t>(i - 1)];
    if (worker.progress.load(std::memory_order_acquire) == finished(worker.ticket)) continue;
    if (!grace_end) grace_end = now() + start_grace;
    finish(worker, *grace_end);
  }
}

void ThreadPool::run(Work work, void* context) {
  const FloatEnvironment environment;
  const Taken pool(running_);
  if (threads_ > 1 && pool.taken()) {
    fork_join(work, context, threads_);
  } else {
    for (int worker = 0; worker < threads_; ++worker) work(context, worker);
  }
}

void ThreadPool::run_sections(std::span<const Section> sections) {
  const FloatEnvironment environment;
  const Taken pool(running_);
  if (threads_ == 1 || !pool.taken()) {
    for (const Section& section : sections) run_all_lists(section);
    return;
  }
  int most = 0;
  for (const Section& section : sections) most = std::max(most, busy_lists(section));
  for (int i = 1; i < std::min(most, threads_); ++i) wake(workers_[static_cast<size_t>(i - 1)]);
  for (const Section& section : sections) {
    const int count = busy_lists(section);
    if (count <= 1) {
      run_all_lists(section);
      continue;
    }
    SectionShare share{&section, static_cast<size_t>(threads_)};
    fork_join(run_share, &share, std::min(count, threads_));
  }
}

// Returns when another ticket than `seen` is posted: spins, then sleeps. A wake() without a ticket starts the spinning anew.
void ThreadPool::wait_for_post(Worker& worker, uint32_t seen) {
  const uint32_t idle = posted_ticket(seen);
  const auto is_posted = [&] { return (worker.posted.load(std::memory_order_acquire) & ~asleep) != idle; };
  for (;;) {
    if (spins_) {
      const bool in_time = spin_until(now() + worker.spin, is_posted);
      worker.spin = in_time ? std::min(worker.spin * 2, longest_spin) : std::max(worker.spin / 2, shortest_spin);
    }
    if (is_posted()) return;
    uint32_t expected = idle;
    if (!worker.posted.compare_exchange_strong(expected, idle | asleep, std::memory_order_acq_rel)) continue;
    while (worker.posted.load(std::memory_order_acquire) == (idle | asleep)) sleep_on(worker.posted, idle | asleep);
  }
}

void ThreadPool::work_loop(Worker& worker) {
  const FloatEnvironment environment;
  for (uint32_t seen = 0;;) {
    wait_for_post(worker, seen);
    seen = (worker.posted.load(std::memory_order_acquire) / 2) & ticket_mask;
    uint32_t expected = finished((seen - 1) & ticket_mask);
    if (!worker.progress.compare_exchange_strong(expected, started(seen), std::memory_order_acq_rel)) continue;  // the caller has taken it
    if (worker.work == nullptr) return;
    worker.work(worker.context, worker.index);
    if (worker.progress.exchange(finished(seen), std::memory_order_acq_rel) == awaited(seen)) wake_sleeper(worker.progress);
  }
}

int cores_of_quota(std::string_view cpu_max) {
  int64_t quota = 0, period = 0;
  const char* const end = cpu_max.data() + cpu_max.size();
  const auto first = std::from_chars(cpu_max.data(), end, quota);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc() || quota <= 0 || period <= 0) return 0;
  return static_cast<int>(std::clamp<int64_t>(quota / period, 1, 1 << 20));  // rounded down: a spinning thread is throttled otherwise
}

namespace {

std::string first_line(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

// The smallest quota of the group and of those around it; 0 when there is none.
int cores_of_group(const std::string& root, std::string group, bool version_2) {
  int smallest = 0;
  for (;;) {
    const std::string folder = root + (group == "/" ? "" : group);
    const int cores = cores_of_quota(version_2 ? first_line(folder + "/cpu.max")
                                               : first_line(folder + "/cpu.cfs_quota_us") + " " + first_line(folder + "/cpu.cfs_period_us"));
    if (cores > 0 && (smallest == 0 || cores < smallest)) smallest = cores;
    if (group.size() <= 1) return smallest;
    group.erase(group.rfind('/'));
  }
}

// /proc/self/cgroup: "0::/group" for version 2, "4:cpu,cpuacct:/group" for version 1.
int cores_by_quota() {
  int smallest = 0;
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos || second + 1 >= line.size() || line[second + 1] != '/') continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool version_2 = controllers == ",,";
    if (!version_2 && controllers.find(",cpu,") == std::string::npos) continue;
    const int cores = cores_of_group(version_2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu", line.substr(second + 1), version_2);
    if (cores > 0 && (smallest == 0 || cores < smallest)) smallest = cores;
  }
  return smallest;
}

int cores_by_affinity() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

int available_cores() {
  const int cores = cores_by_affinity(), quota = cores_by_quota();
  return std::min({cores, quota > 0 ? quota : cores, most_threads});
}

}  // namespace lanc::cpu
