DROP TABLE release_notice;
DROP TABLE release_register;
DROP TABLE release_performer;
DROP TABLE batch_release;
DROP TABLE deviation;
DROP TABLE test_result;
DROP TABLE test_request;
