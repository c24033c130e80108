DROP TRIGGER batch_step_segregated_insert;
DROP TRIGGER batch_step_segregated_update;
DROP TABLE release_notice;
DROP TABLE release_register;
DROP TABLE batch_release;
DROP TABLE deviation;
DROP TABLE test_result;
DROP TABLE test_request;
