"""iris-superres: pictures four times as wide and high. What is here: scenes, the camera, the network, evaluation."""
