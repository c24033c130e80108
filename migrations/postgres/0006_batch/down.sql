DROP TABLE posting;
DROP TABLE account;
DROP TABLE batch_use;
DROP TABLE batch_correction;
DROP TABLE batch_step;
DROP TABLE batch;
DROP TABLE master_record;
