DROP TABLE standing;
DROP TABLE edge;
DROP TABLE container;
DROP TABLE location;
