/** States of a subtask as its line tells them; the position is the word's value. */
export const TASK_STATES = ['CREATED', 'DEPLOYING', 'RUNNING', 'FINISHED', 'CANCELED', 'FAILED'] as const;
