metadata description = 'A system topic that is there already. It needs a system-assigned identity, which this template does not give it.'

param name string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: name
}

output principalId string = topic.identity.principalId
