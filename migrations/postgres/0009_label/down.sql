DROP TABLE label_definition;
DROP TABLE print_job;
DROP TABLE printer;
DROP TABLE label_print;
