DROP TABLE donation;
DROP TABLE donor_result;
DROP TABLE donor_sample;
DROP TABLE donor_consent;
DROP TABLE donor;
