/** Most threads of a run, and so most subtasks; 512 isolates take about 5 GB before any job runs. */
export const THREADS_MAX = 512;
