#include "docker/workload/executor.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace tandem::workload {

namespace {

void sleep_for(SimDuration duration) {
  const SimDuration end = monotonic_time() + duration;
  timespec until{};
  until.tv_sec = end.ns / 1'000'000'000;
  until.tv_nsec = end.ns % 1'000'000'000;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) != 0) {
  }
}

}  // namespace

Executor::Executor(int workers, bool shared) : shared_(shared) {
  threads_.reserve(static_cast<std::size_t>(workers));
  for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work_loop(); });
}

Executor::~Executor() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Executor::submit(Job job) {
  Task task;
  task.remaining = job.cpu;
  task.job = std::move(job);
  {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(task));
  }
  changed_.notify_one();
}

void Executor::wake_sleepers() {
  const SimDuration now = monotonic_time();
  while (!sleepers_.empty() && sleepers_.top().wake <= now) {
    // The queue hands out const references only; the element is popped right after, so moving from it is safe.
    ready_.push_back(std::move(const_cast<Sleeper&>(sleepers_.top()).task));
    sleepers_.pop();
  }
}

void Executor::run_turn(Task& task) const {
  if (!task.taken) {
    task.taken = monotonic_time();
    task.throttled_before = throttling_.total();
  }
  const SimDuration before = thread_cpu_time();
  cpu_.spend(shared_ ? std::min(task.remaining, kQuantum) : task.remaining);
  const SimDuration spent = thread_cpu_time() - before;
  task.cpu_spent += spent;
  task.remaining = std::max(SimDuration{}, task.remaining - spent);
}

void Executor::finish(Task& task) const {
  JobTimes times;
  times.queued = *task.taken - task.job.arrived;
  times.service = monotonic_time() - *task.taken;
  times.cpu = task.cpu_spent;
  const std::optional<SimDuration> throttled = throttling_.total();
  if (throttled && task.throttled_before) times.throttled = *throttled - *task.throttled_before;
  task.job.done(times);
}

void Executor::work_loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_sleepers();
    if (stopping_) return;
    if (ready_.empty()) {
      if (sleepers_.empty()) {
        changed_.wait(lock);
      } else {
        changed_.wait_for(lock, std::chrono::nanoseconds((sleepers_.top().wake - monotonic_time()).ns));
      }
      continue;
    }
    Task task = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    if (!task.taken || task.remaining > SimDuration{}) run_turn(task);
    if (task.remaining > SimDuration{}) {
      lock.lock();
      ready_.push_back(std::move(task));
      continue;
    }
    const SimDuration wait = std::exchange(task.job.wait, SimDuration{});
    if (wait > SimDuration{} && shared_) {
      lock.lock();
      sleepers_.push({monotonic_time() + wait, ++sleeper_number_, std::move(task)});
      changed_.notify_one();  // a worker may have to shorten its sleep
      continue;
    }
    if (wait > SimDuration{}) sleep_for(wait);
    finish(task);
    lock.lock();
  }
}

}  // namespace tandem::workload
