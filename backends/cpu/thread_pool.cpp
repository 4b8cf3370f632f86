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

#include <lanc/ops/scalar/float_environment.h>
#include <lanc/graph/error.h>

namespace lanc::cpu {

namespace {

// Nanoseconds of spinning before sleep. During a run it pays to spin through what the caller runs alone: waking takes 10 to 50 us.
constexpr int64_t shortest_spin = 20'000, longest_spin = 50'000, spin_during_run = 200'000;
constexpr int64_t start_grace = 2'000;  // how late a worker may start before the caller takes its share: several hand-offs

int64_t now() { return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1); }

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

// The core that this thread runs on; negative where nobody says.
int this_core() {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

// Spins until done(), the deadline, or in_vain(); says whether done(). The clock and in_vain are asked once per microsecond or so.
template <class Done, class InVain>
bool spin_until(int64_t deadline, Done done, InVain in_vain) {
  for (;;) {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
      pause();
    }
    if (in_vain() || now() >= deadline) return done();
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

// What `posted` holds: the number of the last share handed over, and whether the worker sleeps.
constexpr uint32_t asleep = 1;
constexpr uint32_t posted_ticket(uint32_t ticket) { return ticket * 2; }
constexpr uint32_t posted_ticket_of(uint32_t posted) { return posted / 2; }
constexpr uint32_t ticket_mask = 0x3fff'ffff;  // tickets wrap at 30 bits in both words

// What `progress` holds.
constexpr uint32_t finished(uint32_t ticket) { return ticket * 4; }
constexpr uint32_t started(uint32_t ticket) { return ticket * 4 + 1; }
constexpr uint32_t taken(uint32_t ticket) { return ticket * 4 + 2; }    // by the caller; the worker has not noticed yet
constexpr uint32_t awaited(uint32_t ticket) { return ticket * 4 + 3; }  // started, and the caller sleeps until it is finished

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

// The pool is ours for a scope, unless somebody is running already.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& running)
      : running_(running), ours_(!running.load(std::memory_order_relaxed) && !running.exchange(true, std::memory_order_acquire)) {}
  ~Turn() {
    if (ours_) running_.store(false, std::memory_order_release);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool ours() const { return ours_; }

 private:
  std::atomic<bool>& running_;
  bool ours_;
};

}  // namespace

// A share goes over as ticket t: the caller writes the job and then `posted`; whoever moves `progress` from finished(t - 1) gets it: the
// worker by started(t), after which it reads the job, or the caller by taken(t). The worker answers taken(t) with finished(t), and until
// then the caller posts nothing: so a job is never overwritten while it is read, and a worker that has no core is asked once, not
// per section. The two words lie on cache lines of their own: each is written by one side and watched by the other.
struct ThreadPool::Worker {
  alignas(64) std::atomic<uint32_t> posted = 0;
  int index = 0;
  Work work = nullptr;
  void* context = nullptr;
  uint32_t ticket = 0;  // the last one
  bool present = true;  // of the caller: did the worker get a share of this section?
  alignas(64) std::atomic<uint32_t> progress = 0;
  std::atomic<int> core = -1;  // where it was when it last looked
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
  stopping_.store(true, std::memory_order_release);
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

// Where another process has the other cores, the system may put the two on one: then neither can wait for the other by spinning.
bool ThreadPool::on_core_of_caller(const Worker& worker) const {
  const int core = worker.core.load(std::memory_order_relaxed);
  return core >= 0 && core == caller_core_.load(std::memory_order_relaxed);
}

// Returns when the worker's share is done, by the worker or, if it is late to start, here.
void ThreadPool::finish(Worker& worker, int64_t grace_end) {
  const uint32_t done = finished(worker.ticket), not_started = finished((worker.ticket - 1) & ticket_mask);
  std::atomic<uint32_t>& progress = worker.progress;
  uint32_t state = not_started;
  spin_until(grace_end, [&] { return (state = progress.load(std::memory_order_acquire)) != not_started; },
             [&] { return on_core_of_caller(worker); });
  if (state == not_started && progress.compare_exchange_strong(state, taken(worker.ticket), std::memory_order_acq_rel)) {
    worker.work(worker.context, worker.index);
    return;
  }
  const auto is_done = [&] { return progress.load(std::memory_order_acquire) == done; };
  if (is_done()) return;
  caller_core_.store(this_core(), std::memory_order_relaxed);
  if (spins_ && spin_until(now() + spin_during_run, is_done, [&] { return on_core_of_caller(worker); })) return;
  state = started(worker.ticket);
  progress.compare_exchange_strong(state, awaited(worker.ticket), std::memory_order_acq_rel);
  while (!is_done()) sleep_on(progress, awaited(worker.ticket));
}

// The shares [0, count), count <= threads(): 0 is the caller's.
void ThreadPool::fork_join(Work work, void* context, int count) {
  const std::span<Worker> workers(workers_.get(), static_cast<size_t>(count - 1));
  int index = 0;
  for (Worker& worker : workers) {
    ++index;
    worker.present = worker.progress.load(std::memory_order_acquire) != taken(worker.ticket);
    if (worker.present) post(worker, work, context, index);
  }
  work(context, 0);
  index = 0;
  for (const Worker& worker : workers) {
    ++index;
    if (!worker.present) work(context, index);
  }
  std::optional<int64_t> grace_end;  // the clock is read only when somebody is not done yet
  for (Worker& worker : workers) {
    if (!worker.present || worker.progress.load(std::memory_order_acquire) == finished(worker.ticket)) continue;
    if (!grace_end) grace_end = now() + start_grace;
    finish(worker, *grace_end);
  }
}

void ThreadPool::run(Work work, void* context) {
  const FloatEnvironment environment;
  const Turn turn(running_);
  if (threads_ > 1 && turn.ours()) {
    caller_core_.store(this_core(), std::memory_order_relaxed);
    fork_join(work, context, threads_);
  } else {
    for (int worker = 0; worker < threads_; ++worker) work(context, worker);
  }
}

void ThreadPool::run_sections(std::span<const Section> sections) {
  const FloatEnvironment environment;
  const Turn turn(running_);
  if (threads_ == 1 || !turn.ours()) {
    for (const Section& section : sections) run_all_lists(section);
    return;
  }
  caller_core_.store(this_core(), std::memory_order_relaxed);
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

// Returns the next ticket after `seen`: spins, then sleeps. A wake() without a ticket starts the spinning anew.
uint32_t ThreadPool::next_ticket(Worker& worker, uint32_t seen) {
  const uint32_t idle = posted_ticket(seen);
  const auto is_posted = [&] { return (worker.posted.load(std::memory_order_acquire) & ~asleep) != idle; };
  const auto in_vain = [&] {
    worker.core.store(this_core(), std::memory_order_relaxed);
    return on_core_of_caller(worker);
  };
  while (!is_posted()) {
    if (spins_) {
      const int64_t start = now();
      const bool soon = spin_until(start + worker.spin, is_posted, in_vain);
      worker.spin = soon ? std::min(worker.spin * 2, longest_spin) : std::max(worker.spin / 2, shortest_spin);
      if (soon || (running_.load(std::memory_order_relaxed) && spin_until(start + spin_during_run, is_posted, in_vain))) break;
    }
    uint32_t expected = idle;
    if (!worker.posted.compare_exchange_strong(expected, idle | asleep, std::memory_order_acq_rel)) break;
    while (worker.posted.load(std::memory_order_acquire) == (idle | asleep)) sleep_on(worker.posted, idle | asleep);
    worker.core.store(this_core(), std::memory_order_relaxed);
  }
  return posted_ticket_of(worker.posted.load(std::memory_order_acquire));
}

void ThreadPool::work_loop(Worker& worker) {
  const FloatEnvironment environment;
  for (uint32_t ticket = 0;;) {
    ticket = next_ticket(worker, ticket);
    if (stopping_.load(std::memory_order_acquire)) return;
    uint32_t expected = finished((ticket - 1) & ticket_mask);
    const bool ours = worker.progress.compare_exchange_strong(expected, started(ticket), std::memory_order_acq_rel);
    if (ours) worker.work(worker.context, worker.index);
    if (worker.progress.exchange(finished(ticket), std::memory_order_acq_rel) == awaited(ticket)) wake_sleeper(worker.progress);
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
    const std::string quota = version_2 ? first_line(folder + "/cpu.max")
                                        : first_line(folder + "/cpu.cfs_quota_us") + " " + first_line(folder + "/cpu.cfs_period_us");
    const int cores = cores_of_quota(quota);
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
  return std::min({cores, quota > 0 ? quota : cores, ThreadPool::most_threads});
}

}  // namespace lanc::cpu
