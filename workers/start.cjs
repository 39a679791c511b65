/**
 * What piscina loads in a worker: a script, because it loads modules by `require`, which instantiates them in one go; a
 * thread that is terminated meanwhile has been seen to abort the whole process inside V8.
 */
module.exports = async (assignment) => (await import('./task.js')).default(assignment);
